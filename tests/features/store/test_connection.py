import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import hiredis
import pytest
import redis

from features.store.address import Address
from features.store.connection import Connection, StoreUnavailable
from features.store.redis_server import RedisServer

from redis_relay import RedisRelay

DEADLINE_MS = 50


def process_of(server: RedisServer) -> int:
    with redis.Redis.from_url(server.url) as client:
        return int(client.info("server")["process_id"])


@asynccontextmanager
async def connected(url: str, deadline_ms: int = DEADLINE_MS) -> AsyncIterator[Connection]:
    store = Connection(url, deadline_ms)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def within(seconds: float, holds: Callable[[], bool]) -> None:
    """Wait until it holds. Raises TimeoutError when it takes longer than allowed."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


async def refused(call: Awaitable[object]) -> None:
    with pytest.raises(StoreUnavailable):
        await call


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://shop.example", Address(None, "shop.example", 6379, False, (("PING",),))),
        (
            "redis://:p%40ss@h:7/2",
            Address(None, "h", 7, False, (("AUTH", "p@ss"), ("SELECT", "2"), ("PING",))),
        ),
        ("rediss://user:pass@h", Address(None, "h", 6379, True, (("AUTH", "user", "pass"), ("PING",)))),
        (
            "unix:///a%20b.sock?db=3",
            Address("/a b.sock", "localhost", 6379, False, (("SELECT", "3"), ("PING",))),
        ),
    ],
)
def test_urls(url: str, expected: Address) -> None:
    assert Address.of(url) == expected


def test_a_url_of_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="REDIS_URL must start with redis://"):
        Address.of("http://localhost")


async def test_replies_reach_their_callers_in_order(store: Connection) -> None:
    sent = [store.send("ECHO", f"{n}") for n in range(500)]
    assert await asyncio.gather(*sent) == [f"{n}".encode() for n in range(500)]


async def test_a_cancelled_call_does_not_shift_the_replies_of_others(store: Connection) -> None:
    first, second = store.send("ECHO", "first"), store.send("ECHO", "second")
    first.cancel()
    assert await second == b"second"


async def test_a_wrong_command_fails_alone(store: Connection) -> None:
    wrong, right = store.send("NOSUCH"), store.send("PING")
    with pytest.raises(hiredis.ReplyError, match="unknown command"):
        await wrong
    assert await right == b"PONG"


async def test_password_and_database(own_redis: RedisServer) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("requirepass", "s3cret/ä")
        url = own_redis.url.replace("unix://", "unix://:s3cret%2F%C3%A4@") + "?db=2"
        async with connected(url) as store:
            await store.call("SET", "here", "1")
            assert (await store.call("DBSIZE"), client.dbsize()) == (1, 0)
        async with connected(own_redis.url) as stranger:
            assert not stranger.available
        client.config_set("requirepass", "")


async def test_over_tcp(own_redis: RedisServer) -> None:
    async with RedisRelay(own_redis) as relay, connected(relay.url, 10_000) as store:
        assert await store.call("PING") == b"PONG"


async def test_the_store_is_down_at_the_start(own_redis: RedisServer) -> None:
    os.kill(process_of(own_redis), signal.SIGKILL)
    async with connected(own_redis.url) as store:
        assert not store.available
        own_redis.ensure_running()
        await within(2, lambda: store.available)
        assert await store.call("PING") == b"PONG"


async def test_killed_and_started_again(own_redis: RedisServer) -> None:
    async with connected(own_redis.url) as store:
        await store.call("SET", "kept", "1")
        os.kill(process_of(own_redis), signal.SIGKILL)
        await within(1, lambda: not store.available)
        await refused(store.call("PING"))
        own_redis.ensure_running()
        await within(2, lambda: store.available)
        assert await store.call("GET", "kept") == b"1"


async def test_a_hanging_store_costs_one_deadline(own_redis: RedisServer) -> None:
    async with connected(own_redis.url) as store:
        pid = process_of(own_redis)
        os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(10):  # one after another they would take 50 s
                await asyncio.gather(*(refused(store.call("PING")) for _ in range(1_000)))
            with pytest.raises(StoreUnavailable):
                store.send("PING")  # the next is refused without a wait
        finally:
            os.kill(pid, signal.SIGCONT)
        await within(2, lambda: store.available)
        assert await store.call("ECHO", "again") == b"again"


async def test_a_busy_event_loop_does_not_close_the_link(own_redis: RedisServer) -> None:
    async with connected(own_redis.url) as store:
        reply = store.send("PING")
        await asyncio.sleep(0)  # it is written
        time.sleep(2 * DEADLINE_MS / 1000)
        assert await reply == b"PONG"
        assert store.available
