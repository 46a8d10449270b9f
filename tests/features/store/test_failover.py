"""After a failover writes go to the node that takes them, without anybody's help."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from features.store.connection import Connection, StoreUnavailable
from features.store.failover import is_wrong_node, moved_to, reconnecting
from features.store.redis_server import RedisServer

from waiting import eventually

Start = Callable[..., redis.Redis]


@pytest.fixture
def start(own_redis: RedisServer, tmp_path: Path) -> Iterator[Start]:
    """Starts real servers, of the kind that Perennial brings, on a free port and a socket `<name>.sock`."""
    with redis.Redis.from_url(own_redis.url) as client:
        executable = str(client.info("server")["executable"])
    assert shutil.which(executable)
    servers: list[subprocess.Popen[bytes]] = []

    def run(name: str, *options: str) -> redis.Redis:
        folder = tmp_path / name
        folder.mkdir()
        words = ["--port", str(free_port()), "--unixsocket", str(tmp_path / f"{name}.sock"), "--save", ""]
        servers.append(
            subprocess.Popen([executable, *words, *options], cwd=folder, stdout=subprocess.DEVNULL)
        )
        client = redis.Redis(unix_socket_path=str(tmp_path / f"{name}.sock"))
        eventually(lambda: answers(client))
        return client

    yield run
    for server in servers:
        server.kill()
        server.wait()


def free_port() -> int:
    """One whose cluster port, 10,000 above, exists."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
        if port < 55_000:
            return port


def answers(client: redis.Redis) -> bool:
    with suppress(redis.ConnectionError):
        return bool(client.ping())
    return False


def port_of(client: redis.Redis) -> int:
    settings: Any = client.config_get("port")
    return int(settings["port"])


def replicate(replica: redis.Redis, primary: redis.Redis) -> None:
    replica.replicaof("127.0.0.1", port_of(primary))
    eventually(lambda: replica.info("replication").get("master_link_status") == "up", within_s=30)


def name_points_to(name: Path, socket_file: Path) -> None:
    """What a name of DNS does at a failover."""
    fresh = name.with_suffix(".fresh")
    fresh.symlink_to(socket_file)
    fresh.replace(name)


async def written(store: Connection, value: str) -> bool:
    try:
        return bool(await store.call("SET", "key", value) == b"OK")
    except StoreUnavailable:
        return False


async def eventually_written(store: Connection, value: str) -> None:
    import asyncio

    for _ in range(1_000):
        if await written(store, value):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it was never written")


async def test_a_writer_leaves_the_node_that_was_demoted(start: Start, tmp_path: Path) -> None:
    one, other = start("one"), start("other")
    replicate(other, one)
    name = tmp_path / "name.sock"
    name_points_to(name, tmp_path / "one.sock")
    store = Connection(f"unix://{name}", deadline_ms=2_000)
    await store.open()
    assert await written(store, "before")
    other.replicaof("NO", "ONE")
    replicate(one, other)
    name_points_to(name, tmp_path / "other.sock")
    assert not await written(store, "refused")
    await eventually_written(store, "after")
    assert other.get("key") == b"after"
    await store.close()


async def test_a_reader_leaves_it_too_and_a_replica_is_no_store(start: Start, tmp_path: Path) -> None:
    one, other = start("one"), start("other")
    store = Connection(f"unix://{tmp_path / 'one.sock'}", deadline_ms=2_000)
    await store.open()
    await store.check_role()
    before = store.available
    replicate(one, other)
    await store.check_role()
    assert (before, store.available) == (True, False)
    one.replicaof("NO", "ONE")
    await eventually_written(store, "again")
    await store.close()


async def test_the_node_that_a_cluster_names_is_asked(start: Start) -> None:
    one, other = start("one", "--cluster-enabled", "yes"), start("other", "--cluster-enabled", "yes")
    other.execute_command("CLUSTER", "ADDSLOTS", *range(16_384))  # type: ignore[no-untyped-call]
    one.execute_command("CLUSTER", "MEET", "127.0.0.1", port_of(other))  # type: ignore[no-untyped-call]

    def named() -> str:
        try:
            one.get("key")
        except redis.ResponseError as error:
            return str(error)
        return ""

    eventually(lambda: "MOVED" in named() or str(port_of(other)) in named(), within_s=60)
    store = Connection(f"redis://127.0.0.1:{port_of(one)}", deadline_ms=2_000)
    await store.open()
    assert not await written(store, "refused")
    await eventually_written(store, "there")
    assert other.get("key") == b"there"
    await store.close()


def test_the_workers_client_connects_anew(start: Start, tmp_path: Path) -> None:
    one, other = start("one"), start("other")
    name = tmp_path / "name.sock"
    name_points_to(name, tmp_path / "one.sock")
    client = redis.Redis(unix_socket_path=str(name))
    client.set("key", "before")
    replicate(one, other)
    name_points_to(name, tmp_path / "other.sock")
    with pytest.raises(redis.exceptions.ReadOnlyError), reconnecting(client):
        client.set("key", "refused")
    client.set("key", "after")
    assert other.get("key") == b"after"


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        ("READONLY You can't write against a read only replica.", True),
        ("ERR Error running script: @user_script:47: -READONLY You can't write", True),
        ("LOADING Redis is loading the dataset in memory", True),
        ("MOVED 3999 127.0.0.1:6381", True),
        ("WRONGTYPE Operation against a key", False),
        ("MISCONF Redis is configured to save", False),
    ],
)
def test_which_replies_name_another_node(reply: str, wrong: bool) -> None:
    assert is_wrong_node(reply) == wrong


def test_where_a_cluster_moved_it() -> None:
    assert moved_to("MOVED 3999 127.0.0.1:6381") == ("127.0.0.1", 6381)
    assert moved_to("MOVED 3999 :6381") == ("", 6381)
    assert moved_to("READONLY") is None
