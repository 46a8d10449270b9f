"""Redis is killed, hangs, refuses or is slow while shoppers ask: each gets an answer with products."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from urllib.parse import unquote

import httpx
import pytest
import redis

from features.home import Home
from features.merchant.api_keys import add_demo_keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from waiting import eventually

AWAY_S = float(os.environ.get("PERENNIAL_TEST_FAULT_S", "2"))
SHOPPERS, PAUSE_S = 4, 0.02
SLOW_S = 0.2


@pytest.fixture(scope="module")
def settings() -> StoreSettings:
    """A shop's own deadlines."""
    return StoreSettings(redis_url=None, holdout=0)


class Relay:
    """A TCP port in front of Redis that can refuse and delay."""

    def __init__(self, path: str) -> None:
        self.delay_s, self.refuses, self._path = 0.0, False, path
        self._loop, self._started = asyncio.new_event_loop(), threading.Event()
        self._lines: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        self._started.wait()

    def refuse(self) -> None:
        """Hang up now, and on whoever comes."""
        self.refuses = True
        for line in list(self._lines):
            self._loop.call_soon_threadsafe(line.transport.abort)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        self._over = asyncio.Event()
        async with await asyncio.start_server(self._pass_on, "127.0.0.1", 0) as listening:
            self.url = f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            self._started.set()
            await self._over.wait()
            for line in list(self._lines):
                line.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            from_redis, to_redis = await asyncio.open_unix_connection(self._path)
        except OSError:
            writer.transport.abort()
            return
        self._lines |= {writer, to_redis}
        await asyncio.gather(
            self._copy(reader, to_redis), self._copy(from_redis, writer), return_exceptions=True
        )
        self._lines -= {writer, to_redis}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            writer.write(data)
        writer.transport.abort()


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
    relay.refuse()
    yield
    relay.refuses = False


@contextmanager
def slow(_: RedisServer, relay: Relay) -> Iterator[None]:
    relay.delay_s = SLOW_S
    yield
    relay.delay_s = 0.0


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
    relay = Relay(unquote(own_redis.url.removeprefix("unix://")))
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
