"""Redis is killed, hangs, refuses or is slow while shoppers ask: each gets an answer with products."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import httpx
import pytest
import redis

from features.home import Home
from features.merchant.api_keys import add_demo_keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from redis_relay import RedisRelay
from waiting import eventually

AWAY_S = float(os.environ.get("PERENNIAL_TEST_FAULT_S", "2"))
SHOPPERS, PAUSE_S = 4, 0.02
SLOW_S = 0.2


@pytest.fixture(scope="module")
def settings() -> StoreSettings:
    """A shop's own deadlines."""
    return StoreSettings(redis_url=None, holdout=0)


class Relay:
    """A relay in a thread of its own, in front of Redis."""

    def __init__(self, server: RedisServer) -> None:
        self._relay, self._started = RedisRelay(server), threading.Event()
        self._loop, self._over = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        self._started.wait()

    @property
    def url(self) -> str:
        return self._relay.url

    def refuse(self, refuses: bool) -> None:
        """Hang up now, and on whoever comes; or no longer."""
        self._relay.refuses = refuses
        self._loop.call_soon_threadsafe(self._relay.hang_up)

    def delay(self, seconds: float) -> None:
        self._relay.delay_s = seconds

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        async with self._relay:
            self._started.set()
            await self._over.wait()


Fault = Callable[[RedisServer, Relay], AbstractContextManager[None]]


@contextmanager
def killed(server: RedisServer, _: Relay) -> Iterator[None]:
    server.kill()
    yield
    server.ensure_running()


@contextmanager
def hanging(server: RedisServer, _: Relay) -> Iterator[None]:
    with redis.Redis.from_url(server.url) as client:
        pid = int(client.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@contextmanager
def refusing(_: RedisServer, relay: Relay) -> Iterator[None]:
    relay.refuse(True)
    yield
    relay.refuse(False)


@contextmanager
def slow(_: RedisServer, relay: Relay) -> Iterator[None]:
    relay.delay(SLOW_S)
    yield
    relay.delay(0.0)


@contextmanager
def shoppers(url: str) -> Iterator[list[httpx.Response]]:
    """Visitors who ask until the end of the block: what they were told."""
    over, told = threading.Event(), list[httpx.Response]()

    def visit(number: int) -> None:
        about = {"placement": "home", "anonymous_id": f"a-{number}", "key": "pk_demo"}
        with httpx.Client(base_url=url, timeout=10) as client:
            while not over.wait(PAUSE_S):
                told.append(client.get("/v1/recommendations", params=about))

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(SHOPPERS)]
    for visitor in visitors:
        visitor.start()
    try:
        yield told
    finally:
        over.set()
        for visitor in visitors:
            visitor.join()


@pytest.mark.parametrize("fault", [killed, hanging, refusing, slow])
def test_answers_go_on_degraded_and_recover(
    fault: Fault, served_home: Home, own_redis: RedisServer, serve: Callable[..., AbstractContextManager[str]]
) -> None:
    relay = Relay(own_redis)
    try:
        add_demo_keys(served_home, None, datetime.now(UTC))
        with serve(served_home, relay.url) as url, shoppers(url) as told:
            eventually(lambda: bool(told) and not told[-1].json()["degraded"])
            with fault(own_redis, relay):
                eventually(lambda: bool(told[-1].json()["degraded"]), within_s=1 + PAUSE_S)
                time.sleep(AWAY_S)
                during = told[-1].json()
            eventually(lambda: not told[-1].json()["degraded"])
    finally:
        relay.close()
    assert during["degraded_reasons"]
    assert {answer.status_code for answer in told} == {200}
    assert all(answer.json()["items"] for answer in told)
