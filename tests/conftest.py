"""What tests share: a real Redis of their own, emptied for each test, and an empty home."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis

from features.home import Home
from features.store.connection import Connection
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings


@pytest.fixture(scope="session")
def settings() -> StoreSettings:
    """The defaults, whatever the environment says; nobody is held out but in tests of the holdout."""
    return StoreSettings(redis_url=None, holdout=0)


@pytest.fixture(scope="session")
def _redis_server(settings: StoreSettings) -> Iterator[RedisServer]:
    with (
        tempfile.TemporaryDirectory(prefix="perennial-") as folder,
        RedisServer(Home(Path(folder)), settings) as server,
    ):
        yield server


@pytest.fixture
def redis_url(_redis_server: RedisServer) -> str:
    """URL of a running, empty Redis."""
    _redis_server.ensure_running()
    with redis.Redis.from_url(_redis_server.url) as client:
        client.flushall()
    return _redis_server.url


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A plain synchronous client."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Connection]:
    """The hot path's connection; its deadline is wide, since tests share the machine."""
    connection = Connection(redis_url, deadline_ms=2_000)
    await connection.open()
    yield connection
    await connection.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture
def own_redis(settings: StoreSettings) -> Iterator[RedisServer]:
    """A server that the test may kill, freeze and fill."""
    with (
        tempfile.TemporaryDirectory(prefix="perennial-") as folder,
        RedisServer(Home(Path(folder)), settings) as server,
    ):
        yield server
