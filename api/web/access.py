"""Who may do what: public keys ask and tell, secret keys do everything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import Literal

from fastapi import Request

from api.web.problems import Problem
from features.merchant.api_keys import ApiKey

Scope = Literal["public", "secret"]
DEMO_KEYS: dict[str, Scope] = {"pk_demo": "public", "sk_demo": "secret"}
CREATE_ONE = (
    "Create one with `perennial keys create` and send it as `Authorization: Bearer pk_...` or `sk_...`."
)


@dataclass(frozen=True)
class Access:
    """The keys as they are now. `local`: we listen on this machine alone.

    Until a shop has made its first key, a local service takes the demo's keys, and none at all for public.
    """

    local: bool
    keys: Mapping[str, ApiKey] = field(default_factory=dict)

    @cached_property
    def open(self) -> bool:
        return self.local and not self.keys

    def scope_of(self, request: Request) -> Scope:
        """The scope of the request's key. Raises Problem 401."""
        key = _sent_key(request)
        if self.open and (key is None or key in DEMO_KEYS):
            return DEMO_KEYS[key] if key else "public"
        if key is None:
            raise Problem(401, f"This needs a key. {CREATE_ONE}", headers={"WWW-Authenticate": "Bearer"})
        known = self.keys.get(hashlib.sha256(key.encode()).hexdigest())
        if known is None:
            raise Problem(
                401,
                f"This key is not known, or revoked. {CREATE_ONE}",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return known.scope

    def require_secret(self, request: Request) -> None:
        """Raises Problem 401 or 403 unless the request carries a secret key."""
        if self.scope_of(request) != "secret":
            raise Problem(
                403, "This needs a secret key (sk_...), sent from a server and never from a browser."
            )


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
