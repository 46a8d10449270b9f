"""Keys that open the HTTP interface. Only their SHA-256 is kept: a key is shown once, when made."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal, cast

import msgspec

from features.store import keys

if TYPE_CHECKING:
    import redis

    from features.store.connection import Connection

Scope = Literal["public", "secret"]
PREFIXES: Mapping[Scope, str] = {"public": "pk_", "secret": "sk_"}
SHOWN = 9  # characters of a key that lists show: enough to tell keys apart, too few to guess one


class ApiKey(msgspec.Struct, frozen=True):
    """What we remember of a key; `prefix` is its first characters."""

    scope: Scope
    name: str
    created_at: datetime
    prefix: str


def create_key(client: redis.Redis, scope: Scope, name: str, now: datetime) -> str:
    """Make a key and return it: the only time that anybody sees it."""
    key = PREFIXES[scope] + secrets.token_urlsafe(24)
    known = ApiKey(scope=scope, name=name, created_at=now, prefix=key[:SHOWN])
    _change(client, digest(key), msgspec.json.encode(known))
    return key


def list_keys(client: redis.Redis) -> list[ApiKey]:
    """All keys that open something, oldest first."""
    kept = cast(dict[bytes, bytes], client.hgetall(keys.api_keys()))
    return sorted(_decoded(kept).values(), key=lambda known: known.created_at)


def revoke_key(client: redis.Redis, key_or_prefix: str) -> list[ApiKey]:
    """Shut the key, given whole or as the prefix that lists show. Returns what was revoked."""
    kept = _decoded(cast(dict[bytes, bytes], client.hgetall(keys.api_keys())))
    revoked = {
        hashed: known
        for hashed, known in kept.items()
        if hashed == digest(key_or_prefix) or known.prefix == key_or_prefix
    }
    for hashed in revoked:
        _change(client, hashed, None)
    return list(revoked.values())


async def load_keys(store: Connection) -> dict[str, ApiKey]:
    """SHA-256 in hex -> key. Raises StoreUnavailable."""
    flat = await store.call("HGETALL", keys.api_keys())
    return _decoded(dict(zip(flat[::2], flat[1::2], strict=True)))


def digest(key: str) -> str:
    """How a key is kept and looked up: SHA-256 in hex. It is random enough to need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def _change(client: redis.Redis, hashed: str, known: bytes | None) -> None:
    with client.pipeline(transaction=True) as step:
        if known is None:
            step.hdel(keys.api_keys(), hashed)
        else:
            step.hset(keys.api_keys(), hashed, known)
        step.hincrby(keys.revisions(), "keys", 1)
        step.execute()


def _decoded(kept: Mapping[bytes, bytes]) -> dict[str, ApiKey]:
    return {hashed.decode(): msgspec.json.decode(known, type=ApiKey) for hashed, known in kept.items()}
