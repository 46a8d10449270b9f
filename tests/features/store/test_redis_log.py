"""The log of each version of Redis is on the disk, and no version starts empty over another's."""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from features.home import Home
from features.store.redis_log import version_of, written_files
from features.store.redis_server import RedisServer, RedisServerError
from features.store.settings import StoreSettings

from waiting import eventually

CARRIED = None
NEWER = os.environ.get("TEST_REDIS_SERVER") or shutil.which("redis-server")
needs_newer = pytest.mark.skipif(
    NEWER is None or version_of(Path(NEWER)) < (7, 0),
    reason="needs a Redis 7 or newer: apt install redis-server, or TEST_REDIS_SERVER=/path/to/redis-server",
)
each_version = pytest.mark.parametrize("server", [CARRIED, pytest.param(NEWER, marks=needs_newer)])


@contextmanager
def running(home: Home, server: str | None) -> Iterator[tuple[RedisServer, redis.Redis]]:
    settings = StoreSettings(redis_url=None, redis_server=Path(server) if server else None)
    with RedisServer(home, settings) as store, redis.Redis.from_url(store.url) as client:
        yield store, client


def open_for_writing(client: redis.Redis) -> set[Path]:
    """The append-only files that the kernel says the server writes."""
    pid = client.info("server")["process_id"]
    targets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        info = Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text()
        flags = int(info.split("flags:")[1].split()[0], 8)
        target = descriptor.readlink()
        if flags & os.O_ACCMODE != os.O_RDONLY and target.suffix == ".aof":
            targets.add(target)
    return targets


def content(home: Home) -> dict[str, bytes]:
    return {
        str(path.relative_to(home.redis)): path.read_bytes()
        for path in home.redis.rglob("*.aof*")
        if path.is_file()
    }


def refusal(home: Home, server: str | None) -> str:
    """What is said; nothing of the log may have changed by then."""
    before = content(home)
    with pytest.raises(RedisServerError) as refused, running(home, server):
        pass
    assert content(home) == before
    return str(refused.value)


@each_version
def test_the_synced_files_are_those_that_are_written(home: Home, server: str | None) -> None:
    with running(home, server) as (_, client):
        for round_ in range(3):
            before = {name: len(text) for name, text in content(home).items()}
            client.set(f"key {round_}", "x" * 100)
            grown = {name for name, text in content(home).items() if len(text) > before[name]}
            forced = written_files(home.redis)
            assert {home.redis / name for name in grown} == set(forced) == open_for_writing(client)
            client.bgrewriteaof()
            eventually(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
            eventually(lambda: set(written_files(home.redis)) == open_for_writing(client))


@each_version
def test_the_files_are_synced_each_second(
    home: Home, server: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[Path] = []
    real = os.fsync

    def noted(descriptor: int) -> None:
        real(descriptor)
        forced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", noted)
    with running(home, server) as (store, client):
        client.set("key", "1")
        eventually(lambda: open_for_writing(client) | {home.redis} <= set(forced))
        client.bgrewriteaof()
        eventually(lambda: client.info("persistence")["aof_rewrite_in_progress"] == 0)
        forced.clear()
        eventually(lambda: open_for_writing(client) | {home.redis} <= set(forced))
        assert store.sync_problem is None


@each_version
def test_a_log_that_cannot_be_synced_is_logged_once(
    home: Home, server: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with running(home, server) as (store, client):
        (log,) = open_for_writing(client)
        aside = log.with_name("aside")
        log.rename(aside)
        eventually(lambda: store.sync_problem is not None)
        with pytest.raises(AssertionError):
            eventually(lambda: len(caplog.records) > 1, within_s=2.5)
        assert [(record.levelno, "NOT on the disk" in record.message) for record in caplog.records] == [
            (logging.ERROR, True)
        ]
        aside.rename(log)
        eventually(lambda: store.sync_problem is None)
        assert "on the disk again" in caplog.records[-1].message


@each_version
def test_the_version_that_wrote_is_recorded(home: Home, server: str | None) -> None:
    with running(home, server) as (_, client):
        version = str(client.info("server")["redis_version"])
    assert version.startswith((home.redis / "version").read_text().strip() + ".")


@needs_newer
def test_a_newer_server_takes_over_and_the_older_one_is_then_refused(home: Home) -> None:
    with running(home, CARRIED) as (_, client):
        client.set("older", "1")
    with running(home, NEWER) as (_, client):
        assert client.get("older") == b"1"
        client.set("newer", "1")
    for forgotten in (False, True):
        if forgotten:  # a home of before the version was noted
            (home.redis / "version").unlink()
        said = refusal(home, CARRIED)
        assert re.search(r"appendonlydir was written by Redis 7\.0 or newer, and .*, which is 6\.2,", said)
        assert "PERENNIAL_REDIS_SERVER" in said
    with running(home, NEWER) as (_, client):
        assert (client.get("older"), client.get("newer")) == (b"1", b"1")


@needs_newer
def test_a_server_older_than_recorded_is_refused(home: Home) -> None:
    with running(home, NEWER):
        pass
    (home.redis / "version").write_text("99.1\n")
    assert "was written by Redis 99.1 or newer" in refusal(home, NEWER)


@needs_newer
def test_an_interrupted_take_over_is_completed(home: Home) -> None:
    """It writes its manifest first and moves the log then."""
    with running(home, CARRIED) as (_, client):
        client.set("older", "1")
    (home.redis / "appendonlydir").mkdir()
    manifest = home.redis / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("file appendonly.aof seq 1 type b\n")
    for server in (CARRIED, NEWER):
        with running(home, server) as (_, client):
            assert client.get("older") == b"1"


@each_version
def test_two_logs_are_refused(home: Home, server: str | None) -> None:
    with running(home, CARRIED) as (_, client):
        client.set("older", "1")
    (home.redis / "appendonlydir").mkdir()
    (home.redis / "appendonlydir" / "appendonly.aof.1.incr.aof").write_bytes(b"another")
    said = refusal(home, server)
    assert "two logs" in said
    assert "move away the one that is not wanted" in said
