"""Who may do what: public keys read recommendations and send events, secret keys do everything."""

import binascii
from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from fastapi import Request

from api.web.callers import is_own_name
from api.web.problems import Problem
from api.web.rates import Rates
from features.merchant.api_keys import DEMO_KEYS, PREFIXES, ApiKey, Scope, digest

CREATE_ONE = (
    "Create one with `perennial keys create public` or `perennial keys create secret` and send it as "
    "`Authorization: Bearer pk_...` or `sk_...`."
)
UNCHECKED = "Keys cannot be checked at the moment: Redis is away, and this home has not heard of them yet."
DEMO_DIGESTS = frozenset(map(digest, DEMO_KEYS))
CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Caller:
    """Somebody of the shop for whom this process itself asks, with all that a secret key may do.

    name: who it is. It stands in a request's scope, which no HTTP request can reach.
    """

    IN_SCOPE: ClassVar = "perennial.caller"
    name: str


@dataclass(frozen=True)
class Access:
    """The keys as they are now; None: they cannot be read now. local: only this machine reaches the service.

    Until a shop has made its first key, a local service asks for none where a public one would do. hosts:
    names, besides this machine's own, under which it and the demo's keys answer.
    """

    local: bool
    keys: Mapping[str, ApiKey] | None = None
    hosts: Collection[str] = ()
    rates: Rates | None = None

    @cached_property
    def open(self) -> bool:
        return self.local and self.keys is not None and not self.keys

    def scope_of(self, request: Request, sent: str | None = None) -> Scope:
        """The scope of the request's key. sent: a key that came otherwise than in its headers and address.

        Raises Problem 401, 429, 503.
        """
        if Caller.IN_SCOPE in request.scope:
            return "secret"
        key = sent or _sent_key(request)
        if key is None:
            if self.open and is_own_name(request, self.hosts):
                return "public"
            raise Problem(401, f"This needs a key. {CREATE_ONE}", headers=CHALLENGE)
        if self.keys is None:
            return _unchecked(key)
        stored_key = self.keys.get(digest(key))
        if stored_key is None or (key in DEMO_KEYS and not self._is_demo_call(request)):
            raise Problem(401, f"This key is not known, or revoked. {CREATE_ONE}", headers=CHALLENGE)
        if self.rates is not None:
            self.rates.charge_request(request, key, is_public=stored_key.scope == "public")
        return stored_key.scope

    def is_secret_digest(self, request: Request, hashed: str) -> bool:
        """Whether this is the digest of a secret key that opens something here. Raises Problem 503."""
        self.require_checkable_keys()
        known = self.keys.get(hashed) if self.keys else None
        if known is None or known.scope != "secret":
            return False
        return hashed not in DEMO_DIGESTS or self._is_demo_call(request)

    def charge_events(self, request: Request, scope: Scope, length: int, sent: str | None = None) -> None:
        """Count the bytes of a body of events, which fill the store; sent: see `scope_of`. Raises Problem
        429."""
        if self.rates is not None and scope == "public":
            self.rates.charge_events(request, sent or _sent_key(request) or "", length)

    def _is_demo_call(self, request: Request) -> bool:
        return self.local and is_own_name(request, self.hosts)

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

    def name_of(self, request: Request) -> str | None:
        """Who asks: a caller of this process, or the name of the request's key; None where none is known."""
        caller: Caller | None = request.scope.get(Caller.IN_SCOPE)
        if caller is not None:
            return caller.name
        return self.key_name(digest(_sent_key(request) or ""))

    def key_name(self, hashed: str) -> str | None:
        """The name of the key with this digest, or how it begins; None where there is none."""
        stored = (self.keys or {}).get(hashed)
        return (stored.name or stored.prefix) if stored else None

    def is_secret(self, request: Request) -> bool:
        """Whether the request carries a secret key."""
        try:
            return self.scope_of(request) == "secret"
        except Problem:
            return False


def _unchecked(key: str) -> Scope:
    """The scope of a key that cannot be checked: at most that of a public one."""
    if key.startswith(PREFIXES["public"]):
        return "public"
    raise Problem(503, UNCHECKED, headers={"Retry-After": "1"})


def header(request: Request, name: bytes) -> str:
    """One header, "" where it is missing; `request.headers` decodes them all."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def _sent_key(request: Request) -> str | None:
    """The bearer key, or a key as the user's name of basic authorization; a beacon, which cannot set headers,
    sends it as `?key=`."""
    scheme, _, key = header(request, b"authorization").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    if scheme.lower() == "basic" and (user := _user_name(key)).startswith(tuple(PREFIXES.values())):
        return user
    key = request.query_params.get("key", "")
    return key if key.startswith("pk_") else None


def _user_name(credentials: str) -> str:
    """Of `name:password` in base64; "" where it is something else."""
    try:
        return b64decode(credentials).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
