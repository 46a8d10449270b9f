import asyncio
from typing import Any

import msgspec
import redis

from features.outgoing.impressions import BUFFERED_RECORDS, ServedBuffer, ServedRecord
from features.store import keys
from features.store.connection import Connection
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from factories import NOW


def record(number: int = 1) -> ServedRecord:
    return ServedRecord(f"r-{number}", NOW, "home", ("a", "b"), ("als", "new"), customer_id="c")


async def test_records_reach_the_stream(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    buffer = ServedBuffer(store, settings)
    buffer.add(record())
    await buffer.flush()
    entries: Any = client.xrange(keys.served_stream())
    ((_, fields),) = entries
    assert msgspec.json.decode(fields[b"s"], type=list[ServedRecord]) == [record()]
    await buffer.flush()
    assert client.xlen(keys.served_stream()) == 1


async def test_the_stream_stays_within_its_length(store: Connection, client: redis.Redis) -> None:
    buffer = ServedBuffer(store, StoreSettings(redis_url=None, served_stream_length=200))
    for _ in range(500):
        buffer.add(record())
        await buffer.flush()
    assert 2 <= client.xlen(keys.served_stream()) <= 200


async def test_without_a_store_records_are_dropped_and_counted(
    own_redis: RedisServer, settings: StoreSettings
) -> None:
    own_redis.stop()
    store = Connection(own_redis.url)
    await store.open()
    buffer = ServedBuffer(store, settings)
    buffer.add(record())
    await buffer.flush()
    assert buffer.dropped == 1
    await store.close()


async def test_a_full_buffer_drops_instead_of_growing(store: Connection, settings: StoreSettings) -> None:
    buffer = ServedBuffer(store, settings)
    for number in range(BUFFERED_RECORDS + 3):
        buffer.add(record(number))
    assert buffer.dropped == 3


async def test_when_cancelled_it_flushes_once_more(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    buffer = ServedBuffer(store, settings)
    running = asyncio.create_task(buffer.run(interval_s=3_600))
    await asyncio.sleep(0)
    buffer.add(record())
    running.cancel()
    await asyncio.wait([running])
    assert client.xlen(keys.served_stream()) == 1
