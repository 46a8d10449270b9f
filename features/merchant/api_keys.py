"""API keys. Only their SHA-256 is stored: a key is shown once, when it is created.

The home's keys.json is authoritative; Redis holds a copy for API processes on other machines. See
docs/decisions/0014-keys-belong-to-the-home.md.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from features.home import Home
from features.merchant.key_file import lock, read_file, write_file
from features.store import keys

if TYPE_CHECKING:
    import redis

logger = logging.getLogger(__name__)

Scope = Literal["public", "secret"]
PREFIXES: Mapping[Scope, str] = {"public": "pk_", "secret": "sk_"}
DEMO_KEYS: Mapping[str, Scope] = {"pk_demo": "public", "sk_demo": "secret"}
PREFIX_LENGTH = 9  # characters of a key that lists show: enough to tell keys apart, too few to guess one
EXCHANGE = Path(__file__).with_name("api_keys.lua").read_text(encoding="utf-8")


class KeysUnavailable(Exception):
    """The keys cannot be read now; the message says what to do."""


class ApiKey(msgspec.Struct, frozen=True):
    """What is stored of a key; `prefix` is its first characters."""

    scope: Scope
    name: str
    created_at: datetime
    prefix: str


class Keys(msgspec.Struct, frozen=True):
    """All valid keys: SHA-256 in hex -> key. The higher revision is the newer one."""

    revision: int = 0
    keys: dict[str, ApiKey] = {}


def create_key(home: Home, client: redis.Redis, scope: Scope, name: str, now: datetime) -> str:
    """Create a key and return it, the only time that it can be read. Raises KeysUnavailable."""
    key = PREFIXES[scope] + secrets.token_urlsafe(24)
    _change(home, client, lambda by_hash: by_hash | _entry(key, scope, name, now))
    return key


def add_demo_keys(home: Home, client: redis.Redis | None, now: datetime) -> None:
    """Add the demo's public keys to this home. client: None if no Redis runs yet."""
    demo: dict[str, ApiKey] = {}
    for key, scope in DEMO_KEYS.items():
        demo |= _entry(key, scope, "demo", now)
    _change(home, client, lambda by_hash: demo | by_hash)


def list_keys(home: Home, client: redis.Redis) -> list[ApiKey]:
    """All valid keys, oldest first. Raises KeysUnavailable."""
    with lock(home):
        return sorted(_newest(home, client).keys.values(), key=lambda key: key.created_at)


def revoke_key(home: Home, client: redis.Redis, key_or_prefix: str) -> list[ApiKey]:
    """Revoke keys by the full key or by the prefix that lists show. Returns the revoked ones.

    Raises KeysUnavailable.
    """
    revoked: list[ApiKey] = []

    def without(by_hash: dict[str, ApiKey]) -> dict[str, ApiKey]:
        matches = {
            hashed
            for hashed, key in by_hash.items()
            if hashed == digest(key_or_prefix) or key.prefix == key_or_prefix
        }
        revoked.extend(by_hash[hashed] for hashed in matches)
        return {hashed: key for hashed, key in by_hash.items() if hashed not in matches}

    _change(home, client, without)
    return revoked


def read_keys(home: Home) -> Keys | None:
    """The keys of the home's file; None if there is no file yet. Raises OSError, KeysUnavailable."""
    content = read_file(home)
    try:
        return None if content is None else msgspec.json.decode(content, type=Keys)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"keys.json in {home.root} is damaged: put a copy of it back ({error})"
        raise KeysUnavailable(message) from error


def keep_newest(home: Home, ours: Keys) -> Keys:
    """Write the keys to the home's file unless it has newer ones; returns the newer ones.

    Raises OSError, KeysUnavailable.
    """
    with lock(home):
        return _write_newer(home, ours)


def exchange_command(ours: Keys | None) -> Sequence[Any]:
    """Arguments of EVAL that exchange the keys with Redis' copy."""
    ours = ours or Keys()
    flat = [word for hashed, key in ours.keys.items() for word in (hashed, msgspec.json.encode(key))]
    return (EXCHANGE, 2, keys.revisions(), keys.api_keys(), ours.revision, *flat)


def exchange_reply(reply: Any) -> Keys:
    """The keys in Redis' reply to `exchange_command`."""
    revision, flat = reply
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return Keys(revision, {hashed.decode(): msgspec.json.decode(key, type=ApiKey) for hashed, key in pairs})


def digest(key: str) -> str:
    """SHA-256 of a key in hex, by which it is stored and looked up. Keys are random, and need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def _entry(key: str, scope: Scope, name: str, now: datetime) -> dict[str, ApiKey]:
    return {digest(key): ApiKey(scope=scope, name=name, created_at=now, prefix=key[:PREFIX_LENGTH])}


def _change(
    home: Home, client: redis.Redis | None, change: Callable[[dict[str, ApiKey]], dict[str, ApiKey]]
) -> None:
    with lock(home):
        ours = _newest(home, client) if client else read_keys(home) or Keys()
        changed = Keys(ours.revision + 1, change(ours.keys))
        if changed.keys != ours.keys:
            write_file(home, msgspec.json.encode(changed))
            if client:
                _exchange(client, changed)


def _newest(home: Home, client: redis.Redis) -> Keys:
    own = read_keys(home)
    copy = _exchange(client, own)
    if copy is not None:
        return _write_newer(home, copy)
    if own is None:
        raise KeysUnavailable(
            "Redis does not answer, and this home has not heard of its keys yet: try again later"
        )
    logger.warning("Redis does not answer: API processes of other homes hear of keys when it does")
    return own


def _exchange(client: redis.Redis, ours: Keys | None) -> Keys | None:
    """The newer of ours and Redis' copy; None if Redis does not answer or takes no writes."""
    import redis

    try:
        return exchange_reply(cast(Any, client.eval(*exchange_command(ours))))
    except redis.RedisError:
        return None


def _write_newer(home: Home, ours: Keys) -> Keys:
    own = read_keys(home)
    if own is not None and own.revision >= ours.revision:
        return own
    write_file(home, msgspec.json.encode(ours))
    return ours
