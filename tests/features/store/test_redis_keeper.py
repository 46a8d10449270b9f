"""A Redis that is killed, hangs or cannot start ends nothing: it is kept running, and its state is seen."""

import os
import signal
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import redis

from features.home import Home
from features.store.disk_reserve import MEGABYTE, is_full, keep_reserve
from features.store.parts import part_states
from features.store.redis_keeper import kept_redis, rotate
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from waiting import eventually


def process_at(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def answers(url: str) -> bool:
    with (
        suppress(redis.ConnectionError, redis.TimeoutError),
        redis.Redis.from_url(url, socket_timeout=1) as client,
    ):
        return bool(client.ping())
    return False


def failing(home: Home) -> bool:
    state = part_states(home, datetime.now(UTC)).get("redis")
    return bool(state and state.failing)


def test_a_killed_server_comes_back_with_what_it_had(home: Home, settings: StoreSettings) -> None:
    with kept_redis(home, settings) as url:
        with redis.Redis.from_url(url) as client:
            client.set("kept", "1")
        os.kill(process_at(url), signal.SIGKILL)
        eventually(lambda: answers(url), within_s=30)
        with redis.Redis.from_url(url) as client:
            assert client.get("kept") == b"1"


def test_a_server_that_cannot_start_is_tried_until_it_can(home: Home, settings: StoreSettings) -> None:
    with kept_redis(home, settings) as url:
        other_log = home.redis / "appendonlydir"
        other_log.mkdir()
        (other_log / "appendonly.aof.1.incr.aof").write_bytes(b"")  # two logs: a start is refused
        os.kill(process_at(url), signal.SIGKILL)
        eventually(lambda: failing(home), within_s=30)
        (other_log / "appendonly.aof.1.incr.aof").unlink()
        eventually(lambda: answers(url), within_s=30)
        eventually(lambda: not failing(home), within_s=30)


def test_a_server_that_hangs_for_good_is_replaced(home: Home, settings: StoreSettings) -> None:
    with kept_redis(home, settings, response_s=1.5) as url:
        hanging = process_at(url)
        os.kill(hanging, signal.SIGSTOP)
        eventually(lambda: answers(url), within_s=60)
        assert process_at(url) != hanging


def test_a_stop_does_not_wait_for_a_server_that_hangs(home: Home, settings: StoreSettings) -> None:
    server, stop = RedisServer(home, settings), threading.Event()
    with server:
        pid = process_at(server.url)
        os.kill(pid, signal.SIGSTOP)
        waiting = threading.Thread(target=server.ensure_running, args=(stop,))
        waiting.start()
        stop.set()
        waiting.join(timeout=5)
        assert not waiting.is_alive()
        os.kill(pid, signal.SIGCONT)


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "redis.log"
    log.write_bytes(b"x" * 11)
    rotate(log, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["redis.log.1"]
    rotate(log, 10)


def test_room_for_the_log_is_taken_in_advance(home: Home, settings: StoreSettings) -> None:
    with kept_redis(home, settings) as url, redis.Redis.from_url(url) as client:
        client.set("a", "1")
        log = home.redis / "appendonly.aof"
        size = log.stat().st_size
        keep_reserve(home.redis, 8)
        assert log.stat().st_size == size
        assert log.stat().st_blocks * 512 >= 8 * MEGABYTE
        assert not is_full(home.redis, 8)
        assert is_full(home.redis, 10**9)
        client.set("b", "2")
    with kept_redis(home, settings) as url, redis.Redis.from_url(url) as client:
        assert client.mget("a", "b") == [b"1", b"2"]
