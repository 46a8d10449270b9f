"""Who may do what: public keys read recommendations and send events, secret keys do everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address

from fastapi import Request

from api.web.problems import Problem
from features.merchant.api_keys import DEMO_KEYS, PREFIXES, ApiKey, Scope, digest

CREATE_ONE = (
    "Create one with `perennial keys create public` or `perennial keys create secret` and send it as "
    "`Authorization: Bearer pk_...` or `sk_...`."
)
UNCHECKED = "Keys cannot be checked at the moment: Redis is away, and this home has not heard of them yet."
CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Access:
    """The keys as they are now; None: they cannot be read now. local: only this machine reaches the service.

    Until a shop has made its first key, a local service asks for none where a public one would do.
    """

    local: bool
    keys: Mapping[str, ApiKey] | None = None

    @cached_property
    def open(self) -> bool:
        return self.local and self.keys is not None and not self.keys

    def scope_of(self, request: Request) -> Scope:
        """The scope of the request's key. Raises Problem 401, 503."""
        key = _sent_key(request)
        if key is None:
            if self.open:
                return "public"
            raise Problem(401, f"This needs a key. {CREATE_ONE}", headers=CHALLENGE)
        if self.keys is None:
            return _unchecked(key)
        stored_key = self.keys.get(digest(key))
        if stored_key is None or (key in DEMO_KEYS and not self.local):
            raise Problem(401, f"This key is not known, or revoked. {CREATE_ONE}", headers=CHALLENGE)
        return stored_key.scope

    def require_checkable_keys(self) -> None:
        """Raises Problem 503 where it is unknown which keys are valid."""
        if self.keys is None:
            raise Problem(503, UNCHECKED, headers={"Retry-After": "1"})

    def require_secret(self, request: Request) -> None:
        """Raises Problem 401 or 403 unless the request carries a secret key."""
        if self.scope_of(request) != "secret":
            raise Problem(
                403,
                "This needs a secret key (sk_...), sent from a server and never from a browser. "
                "`perennial keys create secret` makes one.",
            )


def _unchecked(key: str) -> Scope:
    """The scope of a key that cannot be checked: at most that of a public one."""
    if key.startswith(PREFIXES["public"]):
        return "public"
    raise Problem(503, UNCHECKED, headers={"Retry-After": "1"})


def is_local(host: str) -> bool:
    """Whether a listening address is reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def header(request: Request, name: bytes) -> str:
    """One header, "" where it is missing; `request.headers` decodes them all."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def _sent_key(request: Request) -> str | None:
    """The bearer key; a beacon, which cannot set headers, sends it as `?key=`."""
    scheme, _, key = header(request, b"authorization").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    key = request.query_params.get("key", "")
    return key if key.startswith("pk_") else None
