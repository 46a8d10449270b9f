"""What an opened e-mail shows is kept once for all its pictures."""

import redis

from features.outgoing.mail_openings import (
    MOST_OPENINGS,
    OPENING_MS,
    Opening,
    keep_opening,
    read_opening,
)
from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings

FIRST, SECOND = Opening("r-1", ("tea", "mug")), Opening("r-2", ("pot",))


async def test_of_two_at_once_the_first_counts_until_the_opening_is_over(
    store: Connection, settings: StoreSettings
) -> None:
    assert await read_opening(store, "ann", "m") is None
    assert await keep_opening(store, "ann", "m", FIRST, 1_000, settings) == FIRST
    assert await keep_opening(store, "ann", "m", SECOND, 1_000 + OPENING_MS - 1, settings) == FIRST
    assert await read_opening(store, "ann", "m") == (1_000, FIRST)
    assert await keep_opening(store, "ann", "m", SECOND, 1_000 + OPENING_MS, settings) == SECOND
    assert await read_opening(store, "ann", "m") == (1_000 + OPENING_MS, SECOND)
    assert await read_opening(store, "bob", "m") is None


async def test_names_in_addresses_cannot_fill_the_store(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    for number in range(MOST_OPENINGS + 10):
        await keep_opening(store, "ann", str(number), FIRST, 1, settings)
    assert client.hlen(keys.mail_openings("ann")) <= MOST_OPENINGS
    assert client.ttl(keys.mail_openings("ann")) > 0
    assert keys.mail_openings("ann") in keys.of_customer("ann")
