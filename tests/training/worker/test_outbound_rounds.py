"""The worker sends to connected services by itself, and stops at once."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis

from features.connections.arrivals import read_state
from features.connections.settings_file import read_connections, save_connection
from features.home import Home
from features.store.locks import try_lock, unlock
from training.worker.outbound_rounds import Outbound

from mail_tools import KlaviyoTool, Trouble, klaviyo_of_everybody
from outbound_shop import OutboundShop
from waiting import eventually


@pytest.fixture
def tool() -> Iterator[KlaviyoTool]:
    with klaviyo_of_everybody() as klaviyo:
        yield klaviyo


@pytest.fixture
def shop(home: Home, client: redis.Redis, tool: KlaviyoTool) -> OutboundShop:
    options = {"key": tool.key, "api": tool.address}
    home.make_private()
    save_connection(home, "klaviyo", options)
    return OutboundShop(home, client, "klaviyo", options)


def test_without_a_connection_nothing_happens(home: Home, client: redis.Redis) -> None:
    home.make_private()
    assert not Outbound(client, home).round(threading.Event())
    assert not (home.root / "outbound").exists()


def test_a_round_sends_and_says_so(shop: OutboundShop, client: redis.Redis, tool: KlaviyoTool) -> None:
    assert not Outbound(client, shop.home).round(threading.Event())
    assert list(tool.fields) == ["K-ann"]
    state = read_state(client, "klaviyo")
    assert (state.traffic["customers"].times, state.counts, state.trouble) == (
        1,
        {"skipped: no consent": 1},
        None,
    )


def test_a_connection_that_lacks_something_is_said_and_stops_no_other(
    shop: OutboundShop, client: redis.Redis, tool: KlaviyoTool
) -> None:
    save_connection(shop.home, "brevo", {})
    assert not Outbound(client, shop.home).round(threading.Event())
    told = "has no `key` of brevo: `perennial connect brevo` mends it"
    assert told in str(read_state(client, "brevo").trouble)
    assert list(tool.fields) == ["K-ann"]


def test_trouble_is_said_and_pauses_the_service(
    shop: OutboundShop, client: redis.Redis, tool: KlaviyoTool
) -> None:
    tool.key = "another"
    outbound = Outbound(client, shop.home)
    assert not outbound.round(threading.Event())
    assert "the key is refused" in str(read_state(client, "klaviyo").trouble)
    asked = len(tool.calls)
    assert not outbound.round(threading.Event())
    assert len(tool.calls) == asked


def test_one_service_that_is_damaged_does_not_stop_the_others(
    shop: OutboundShop, client: redis.Redis, tool: KlaviyoTool
) -> None:
    save_connection(shop.home, "brevo", {"api": "http://127.0.0.1:9"})  # without its key
    save_connection(shop.home, "files", {"folder": str(shop.home.root)})
    with shop.state():
        (shop.home.root / "outbound" / "files.sqlite").write_bytes(b"no database at all" * 100)
    connections = read_connections(shop.home)
    assert list(connections) == ["klaviyo", "brevo", "files"]
    assert not Outbound(client, shop.home).round(threading.Event())
    assert "no `key` of brevo" in str(read_state(client, "brevo").trouble)
    assert "Restore it, or remove it" in str(read_state(client, "files").trouble)
    assert list(tool.fields) == ["K-ann"]


def test_two_workers_do_not_send_the_same(shop: OutboundShop, client: redis.Redis, tool: KlaviyoTool) -> None:
    with shop.state():
        lock = try_lock(shop.home.root / "outbound" / "klaviyo.lock")
    assert lock
    assert not Outbound(client, shop.home).round(threading.Event())
    unlock(lock)
    assert tool.calls == []
    assert read_state(client, "klaviyo").trouble is None


def test_two_workers_at_once_send_everything_once(
    shop: OutboundShop, redis_url: str, tool: KlaviyoTool
) -> None:
    shop.listens()
    for order in range(5):
        shop.ships("ann", order)
    tool.before = lambda _: time.sleep(0.01)

    def work() -> None:
        with redis.Redis.from_url(redis_url) as own:
            for _ in range(3):
                Outbound(own, shop.home).round(threading.Event())

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(tool.of("POST", "/api/events")) == len(tool.events) == 5
    assert len(tool.of("POST", "/api/profile-bulk-import-jobs")) == 1


def test_it_stops_in_the_middle_of_a_wait(shop: OutboundShop, redis_url: str, tool: KlaviyoTool) -> None:
    stop, asked = threading.Event(), threading.Event()
    tool.troubles = [Trouble("GET", 429, {"Retry-After": "80"})] * 9
    tool.before = lambda _: asked.set()
    with redis.Redis.from_url(redis_url) as own:
        worker = threading.Thread(target=Outbound(own, shop.home).round, args=(stop,))
        worker.start()
        assert asked.wait(60)
        began = datetime.now(UTC)
        stop.set()
        eventually(lambda: not worker.is_alive(), 40)
        worker.join()
    assert (datetime.now(UTC) - began).total_seconds() < 80  # the wait itself; it takes milliseconds
