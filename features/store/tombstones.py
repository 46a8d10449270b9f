"""Erased people, as keyed hashes of their ids: a late event or a repeated import does not bring them back.

The home's erased.json holds the hashes and their key. Redis holds a copy for API processes, and beside it, in
clear, the customers whose erasure is not finished yet.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import msgspec

from features.home import Home
from features.store import keys
from features.store.connection import Connection
from features.store.files import changing, read_whole, write_whole

if TYPE_CHECKING:
    import redis

logger = logging.getLogger(__name__)

Kind = Literal["customer", "browser", "session", "order"]
Record = TypeVar("Record", bound=msgspec.Struct)
FILE = "erased.json"
KEY_BYTES, DIGEST_BYTES = 32, 16
EVERYBODY = "\0everybody"
"""In place of a customer whose erasure begins: all of them. No customer can be called so."""


class Tombstones(msgspec.Struct, frozen=True, omit_defaults=True):
    """key: the home's own, so that nobody else can try ids; digests: of erased ids, in hex; erasing:
    customers whose erasure has begun (never in the file)."""

    key: bytes = b""
    digests: frozenset[str] = frozenset()
    erasing: frozenset[str] = frozenset()

    def holds(self, kind: Kind, name: str | None) -> bool:
        """Whether this id is an erased person's."""
        if not name or not (self.digests or self.erasing):
            return False
        if kind == "customer" and name in self.erasing:
            return True
        return bool(self.digests) and self.digest(kind, name) in self.digests

    def admits(self, record: Any) -> bool:
        """Whether an event, impression or decision may be kept.

        One that names a customer is theirs; any other is that of its browser, visit or order.
        """
        if not self.digests and not self.erasing:
            return True
        customer = getattr(record, "customer_id", None)
        if customer is not None:
            return not self.holds("customer", customer)
        order = getattr(record, "order", None)
        return not (
            self.holds("browser", getattr(record, "anonymous_id", None))
            or self.holds("session", getattr(record, "session_id", None))
            or self.holds("order", order.order_id if order is not None else None)
        )

    def admitted(self, records: Iterable[Record]) -> list[Record]:
        """Those that may be kept."""
        return [record for record in records if self.admits(record)]

    def digest(self, kind: Kind, name: str) -> str:
        """BLAKE2b of the id under the home's key, in hex."""
        text = f"{kind}\0{name}".encode(errors="surrogatepass")
        return hashlib.blake2b(text, digest_size=DIGEST_BYTES, key=self.key).hexdigest()


def read_tombstones(home: Home) -> Tombstones:
    """Those of the home's file; none without one. Raises OSError, msgspec.DecodeError where it is damaged."""
    content = read_whole(home.root / FILE)
    return Tombstones() if content is None else msgspec.json.decode(content, type=Tombstones)


def tombstones_stamp(home: Home) -> str:
    """Another one after each change of the home's file; "" without one."""
    path = home.root / FILE
    return str(path.stat().st_mtime_ns) if path.exists() else ""


def tombstones_despite_damage(home: Home) -> Tombstones:
    """As `read_tombstones`; none where the file is damaged, as Redis has a copy."""
    try:
        return read_tombstones(home)
    except (OSError, msgspec.MsgspecError) as error:
        logger.warning("erased.json cannot be read; Redis has a copy", extra={"reason": str(error)})
        return Tombstones()


def add_tombstones(home: Home, client: redis.Redis, names: Iterable[tuple[Kind, str]]) -> Tombstones:
    """Add erased ids to the home's file and to Redis' copy."""
    with changing(home.root / FILE):
        before = read_tombstones(home)
        keyed = Tombstones(before.key or secrets.token_bytes(KEY_BYTES))
        digests = before.digests.union(keyed.digest(kind, name) for kind, name in names)
        after = Tombstones(keyed.key, digests)
        write_whole(home.root / FILE, msgspec.json.encode(after), mode=0o600)
    share_tombstones(home, client)
    return after


def share_tombstones(home: Home, client: redis.Redis) -> None:
    """Give Redis the home's tombstones, where it has others."""
    content = read_whole(home.root / FILE)
    if content is not None and client.get(keys.erased()) != content:
        client.set(keys.erased(), content)
        client.hincrby(keys.revisions(), "erased", 1)


async def shared_tombstones(store: Connection) -> Tombstones | None:
    """Redis' copy, with the customers whose erasure goes on; None if it has neither.

    Raises StoreUnavailable.
    """
    copy, erasing = store.send("GET", keys.erased()), store.send("HKEYS", keys.erasures())
    content, names = await copy, await erasing
    if content is None and not names:
        return None
    kept = msgspec.json.decode(content, type=Tombstones) if content else Tombstones()
    return msgspec.structs.replace(kept, erasing=frozenset(name.decode() for name in names))


async def begin_erasure(store: Connection, customer_id: str, now_ms: int) -> None:
    """Serve nothing of a customer from now on, and leave the rest to the worker. Raises StoreUnavailable."""
    replies = [
        store.send("HSET", keys.erasures(), customer_id, now_ms),
        store.send("HINCRBY", keys.revisions(), "erased", 1),
        store.send("DEL", *keys.of_customer(customer_id)),
        store.send("ZREM", keys.look_due(), customer_id),
    ]
    for reply in replies:
        await reply


def begin_erasure_sync(client: redis.Redis, customer_id: str, now_ms: int) -> None:
    """As `begin_erasure`, for offline work."""
    client.hset(keys.erasures(), customer_id, str(now_ms))
    client.hincrby(keys.revisions(), "erased", 1)
    client.delete(*keys.of_customer(customer_id))
    client.zrem(keys.look_due(), customer_id)


def erasures_begun(client: redis.Redis) -> dict[str, int]:
    """Customers whose erasure is not finished, and since when, epoch ms."""
    begun = cast(dict[bytes, bytes], client.hgetall(keys.erasures()))
    return {name.decode(): int(at) for name, at in begun.items()}


def end_erasures(client: redis.Redis, customers: Iterable[str]) -> None:
    """Forget in clear who was erased; their tombstones stay."""
    client.hdel(keys.erasures(), *customers)
    client.hincrby(keys.revisions(), "erased", 1)
