"""Under which names a running service knows products, and which names of events it does not know.

A name is an id of a product, an alias, or either in another case or with blanks around it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, cast

from features.store import keys
from features.store.connection import Connection
from features.time_units import DAY_S

if TYPE_CHECKING:
    import redis

UNKNOWN_KEPT = 1_000  # names; the rarest go first
UNKNOWN_DAYS = 30
MOST_NOTED = 100  # names of one request
NOTE_SCRIPT = """
for i = 3, #ARGV, 2 do redis.call('ZINCRBY', KEYS[1], ARGV[i + 1], ARGV[i]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
"""


def fold(name: str) -> str:
    """A name without case and without blanks around it."""
    return name.strip().lower()


async def add_names(store: Connection, product_ids: Iterable[str]) -> None:
    """Let products that a shop told of live be known by other spellings, too. Raises StoreUnavailable."""
    await add_aliases(store, {product_id: product_id for product_id in product_ids})


async def add_aliases(store: Connection, aliases: Mapping[str, str]) -> None:
    """Let products be known by further names: alias -> product. A name that is known already stays.
    Raises StoreUnavailable."""
    for alias, product_id in aliases.items():
        await store.call("HSETNX", keys.product_names(), fold(alias), product_id)


async def find_products(store: Connection, names: Collection[str]) -> dict[str, str]:
    """Name -> product, of those names that are known. Raises StoreUnavailable."""
    if not names:
        return {}
    found = await store.call("HMGET", keys.product_names(), *map(fold, names))
    return {name: product.decode() for name, product in zip(names, found, strict=True) if product is not None}


async def note_unknown(store: Connection, counts: Mapping[str, int]) -> None:
    """Count names that no product has. Raises StoreUnavailable."""
    words = [word for pair in [*counts.items()][:MOST_NOTED] for word in pair]
    await store.call(
        "EVAL", NOTE_SCRIPT, 1, keys.unknown_products(), UNKNOWN_KEPT, UNKNOWN_DAYS * DAY_S, *words
    )


def unknown_names(client: redis.Redis) -> dict[str, int]:
    """Name -> how often events named it, the most frequent first, without those known by now."""
    counted = client.zrevrange(keys.unknown_products(), 0, -1, withscores=True)
    noted = {name.decode(): int(count) for name, count in cast(list[tuple[bytes, float]], counted)}
    found = cast(list[bytes | None], client.hmget(keys.product_names(), [*map(fold, noted)])) if noted else []
    return {name: n for (name, n), product in zip(noted.items(), found, strict=True) if product is None}


async def unknown_of(store: Connection) -> dict[str, int]:
    """As `unknown_names`, for a process that serves. Raises StoreUnavailable."""
    flat = await store.call("ZREVRANGE", keys.unknown_products(), 0, -1, "WITHSCORES")
    noted = {name.decode(): int(float(count)) for name, count in zip(flat[::2], flat[1::2], strict=True)}
    known = await find_products(store, noted)
    return {name: n for name, n in noted.items() if name not in known}
