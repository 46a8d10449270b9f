"""What tests share: a real Redis of their own, emptied for each test, and an empty home."""

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from xdist.remote import Producer

# Read when NumPy and FAISS load: a test has one core, and threads that wait take others.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
# A machine that is busy with other tests is not overloaded with requests; tests of overload say their own.
os.environ |= {"PERENNIAL_QUEUE_TARGET_MS": "10000", "PERENNIAL_STALE_MS": "60000"}

from features.home import Home
from features.store.connection import Connection
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from scheduling import FilesByShop, rank

ROOT = Path(__file__).parents[1]
# How long an example takes says more of the machine than of the code.
hypothesis_settings.register_profile("busy", deadline=None)
hypothesis_settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: at the end, no process of several is left alone with them."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FilesByShop | None:
    """Of `--dist loadfile`."""
    return FilesByShop(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collections after each test need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A socket that a test has left open fails this test, not one that is running by chance later on."""
    gc.collect()
    if nextitem and nextitem.path != item.path:
        gc.freeze()  # what outlives its file are imports and caches


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


@pytest.fixture
def at_once(home: Home) -> Callable[[str], None]:
    """Runs Python code in two processes that begin together; it finds `home`, and `name`: a or b."""

    def run(code: str) -> None:
        begin = "import sys; from features.home import Home; from pathlib import Path\n"
        begin += "home, name = Home(Path(sys.argv[1])), sys.argv[2]\nprint(flush=True); input()\n"
        command = [sys.executable, "-W", "error", "-c", f"import polars\n{begin}{code}", str(home.root)]
        both = [
            subprocess.Popen(
                [*command, name], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for name in "ab"
        ]
        for one in both:
            assert one.stdout
            assert one.stdout.readline() == "\n"
        for one in both:
            assert one.stdin
            one.stdin.write("\n")
            one.stdin.flush()
        for one in both:
            one.communicate(timeout=60)
        assert [one.returncode for one in both] == [0, 0]

    return run
