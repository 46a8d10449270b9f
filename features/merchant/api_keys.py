"""Keys that open the HTTP interface. Only their SHA-256 is kept: a key is shown once, when made.

They belong to the home: its keys.json is the truth, Redis holds a copy for API processes elsewhere. See
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
SHOWN = 9  # characters of a key that lists show: enough to tell keys apart, too few to guess one
EXCHANGE = Path(__file__).with_name("api_keys.lua").read_text(encoding="utf-8")


class KeysUnknown(Exception):
    """Nobody can tell now which keys there are; the message says what to do."""


class ApiKey(msgspec.Struct, frozen=True):
    """What we remember of a key; `prefix` is its first characters."""

    scope: Scope
    name: str
    created_at: datetime
    prefix: str


class Keys(msgspec.Struct, frozen=True):
    """All keys that open something: SHA-256 in hex -> key. The higher revision is the newer one."""

    revision: int = 0
    keys: dict[str, ApiKey] = {}


def create_key(home: Home, client: redis.Redis, scope: Scope, name: str, now: datetime) -> str:
    """Make a key and return it: the only time that anybody sees it. Raises KeysUnknown."""
    key = PREFIXES[scope] + secrets.token_urlsafe(24)
    _change(home, client, lambda kept: kept | _entry(key, scope, name, now))
    return key


def add_demo_keys(home: Home, client: redis.Redis | None, now: datetime) -> None:
    """Let the demo's keys, which everybody knows, open this home. client: None where no Redis runs yet."""
    demo: dict[str, ApiKey] = {}
    for key, scope in DEMO_KEYS.items():
        demo |= _entry(key, scope, "demo", now)
    _change(home, client, lambda kept: demo | kept)


def list_keys(home: Home, client: redis.Redis) -> list[ApiKey]:
    """All keys that open something, oldest first. Raises KeysUnknown."""
    with lock(home):
        return sorted(_newest(home, client).keys.values(), key=lambda known: known.created_at)


def revoke_key(home: Home, client: redis.Redis, key_or_prefix: str) -> list[ApiKey]:
    """Shut the key, given whole or as the prefix that lists show. Returns what was revoked.

    Raises KeysUnknown.
    """
    revoked: list[ApiKey] = []

    def without(kept: dict[str, ApiKey]) -> dict[str, ApiKey]:
        shut = {
            hashed
            for hashed, known in kept.items()
            if hashed == digest(key_or_prefix) or known.prefix == key_or_prefix
        }
        revoked.extend(kept[hashed] for hashed in shut)
        return {hashed: known for hashed, known in kept.items() if hashed not in shut}

    _change(home, client, without)
    return revoked


def read_keys(home: Home) -> Keys | None:
    """As the home's file has them; None where there is no file yet. Raises OSError, KeysUnknown."""
    content = read_file(home)
    try:
        return None if content is None else msgspec.json.decode(content, type=Keys)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KeysUnknown(f"keys.json in {home.root} is damaged: put a copy of it back ({error})") from error


def keep_newest(home: Home, known: Keys) -> Keys:
    """The newer of these and the home's, which has them then. Raises OSError, KeysUnknown."""
    with lock(home):
        return _kept(home, known)


def exchange_words(known: Keys | None) -> Sequence[Any]:
    """What EVAL takes to exchange the keys with Redis' copy."""
    known = known or Keys()
    flat = [word for hashed, key in known.keys.items() for word in (hashed, msgspec.json.encode(key))]
    return (EXCHANGE, 2, keys.revisions(), keys.api_keys(), known.revision, *flat)


def exchanged(reply: Any) -> Keys:
    """What EVAL answered to `exchange_words`."""
    revision, flat = reply
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return Keys(revision, {hashed.decode(): msgspec.json.decode(key, type=ApiKey) for hashed, key in pairs})


def digest(key: str) -> str:
    """How a key is kept and looked up: SHA-256 in hex. It is random enough to need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def _entry(key: str, scope: Scope, name: str, now: datetime) -> dict[str, ApiKey]:
    return {digest(key): ApiKey(scope=scope, name=name, created_at=now, prefix=key[:SHOWN])}


def _change(
    home: Home, client: redis.Redis | None, change: Callable[[dict[str, ApiKey]], dict[str, ApiKey]]
) -> None:
    with lock(home):
        known = _newest(home, client) if client else read_keys(home) or Keys()
        changed = Keys(known.revision + 1, change(known.keys))
        if changed.keys != known.keys:
            write_file(home, msgspec.json.encode(changed))
            if client:
                _exchange(client, changed)


def _newest(home: Home, client: redis.Redis) -> Keys:
    own = read_keys(home)
    copy = _exchange(client, own)
    if copy is not None:
        return _kept(home, copy)
    if own is None:
        raise KeysUnknown(
            "Redis does not answer, and this home has not heard of its keys yet: try again later"
        )
    logger.warning("Redis does not answer: API processes of other homes hear of keys when it does")
    return own


def _exchange(client: redis.Redis, known: Keys | None) -> Keys | None:
    """What Redis' copy is then; None where it cannot be asked, or takes nothing."""
    import redis

    try:
        return exchanged(cast(Any, client.eval(*exchange_words(known))))
    except redis.RedisError:
        return None


def _kept(home: Home, known: Keys) -> Keys:
    own = read_keys(home)
    if own is not None and own.revision >= known.revision:
        return own
    write_file(home, msgspec.json.encode(known))
    return known
