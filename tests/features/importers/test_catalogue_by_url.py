"""A catalogue at an address: taken where it is newer, and never less for what goes wrong on the way."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import redis

from features.catalogue.live_changes import all_changes
from features.catalogue.products import load_products
from features.connections.arrivals import read_state
from features.home import Home
from features.importers.catalogue_by_url import is_due, refresh_catalogue
from features.importers.refusal import ImportRefused
from features.public_fetch import NotFetched

from factories import NOW

HEADER = "id\ttitle\tprice\tavailability\tlink\n"
TEA, POT = (
    "tea\tTea\t5.00 EUR\tin stock\thttps://a.example/tea\n",
    "pot\tPot\t20 EUR\tin stock\thttps://a.example/pot\n",
)
MUG = "mug\tMug\t8 EUR\tout of stock\thttps://a.example/mug\n"


class Shop(ThreadingHTTPServer):
    """content: of its feed; status, location: what it answers instead of 200; cut: it breaks off halfway."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = (HEADER + TEA + POT).encode()
        self.status, self.location, self.cut = 200, "", False
        self.asked: list[str] = []

    @property
    def settings(self) -> dict[str, object]:
        return {"url": f"http://127.0.0.1:{self.server_address[1]}/feed.tsv", "own_network": True}


class _Handler(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        shop, etag = self.server, f'"{hash(self.server.content)}"'
        shop.asked.append(self.headers.get("If-None-Match", ""))
        status = 304 if shop.status == 200 and shop.asked[-1] == etag else shop.status
        self.send_response(status)
        if shop.location:
            self.send_header("Location", shop.location)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(shop.content) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(shop.content[: len(shop.content) // (2 if shop.cut else 1)])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def serving() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serving() as server:
        yield server


def known(home: Home) -> dict[str, float]:
    """Product -> price."""
    return dict(load_products(home).select("product_id", "price").rows())


def test_it_is_taken_in_and_shown_live_and_asked_for_only_when_due(
    home: Home, client: redis.Redis, shop: Shop
) -> None:
    assert is_due(home, shop.settings, NOW)
    assert refresh_catalogue(client, home, shop.settings, NOW) == "Products taken in: 2."
    assert known(home) == {"tea": 5.0, "pot": 20.0}
    assert all_changes(client)["tea"]["price"] == 5.0
    assert not is_due(home, shop.settings, NOW + timedelta(hours=5))
    assert is_due(home, shop.settings, NOW + timedelta(hours=6))
    assert is_due(home, shop.settings | {"every_hours": 0.5}, NOW + timedelta(hours=1))


def test_what_has_not_changed_is_not_sent_again(home: Home, client: redis.Redis, shop: Shop) -> None:
    refresh_catalogue(client, home, shop.settings, NOW)
    assert refresh_catalogue(client, home, shop.settings, NOW) == "It has not changed since it was taken in."
    assert shop.asked[0] == ""
    assert shop.asked[1] != ""
    shop.content = (HEADER + TEA.replace("5.00", "6.00")).encode()
    assert refresh_catalogue(client, home, shop.settings, NOW) == "Products taken in: 1."
    assert known(home) == {"tea": 6.0, "pot": 20.0}
    assert {kind: each.times for kind, each in read_state(client, "catalogue").traffic.items()} == {
        "products": 3,
        "unchanged": 1,
    }


def test_a_complete_one_retires_what_it_lacks_but_not_most_of_the_shop(
    home: Home, client: redis.Redis, shop: Shop
) -> None:
    complete = shop.settings | {"complete": True}
    shop.content = (HEADER + TEA + POT + MUG).encode()
    refresh_catalogue(client, home, complete, NOW)
    shop.content = (HEADER + TEA + POT).encode()
    refresh_catalogue(client, home, complete, NOW)
    assert all_changes(client)["mug"]["retired"] is True
    shop.content = HEADER.encode()
    with pytest.raises(ImportRefused):
        refresh_catalogue(client, home, complete, NOW)
    shop.content = (HEADER + TEA).encode()  # half of what it listed
    assert refresh_catalogue(client, home, complete, NOW) == "Products taken in: 1."
    assert all_changes(client)["pot"]["retired"] is True


def test_far_fewer_products_than_before_are_a_mistake_of_the_feed(
    home: Home, client: redis.Redis, shop: Shop
) -> None:
    complete = shop.settings | {"complete": True}
    shop.content = (HEADER + TEA + POT + MUG).encode()
    refresh_catalogue(client, home, complete, NOW)
    shop.content = (HEADER + TEA).encode()
    with pytest.raises(ImportRefused, match="it lists 1 products where there were 3"):
        refresh_catalogue(client, home, complete, NOW)
    assert "retired" not in all_changes(client)["pot"] or not all_changes(client)["pot"]["retired"]
    assert "where there were 3" in str(read_state(client, "catalogue").trouble)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 500}, "answers 500"),
        ({"cut": True, "content": (HEADER + POT + TEA).encode()}, "broke off"),
        ({"content": b""}, "is empty"),
        ({"content": gzip.compress(b"id\ttitle\n")[:-6]}, "damaged or incomplete gzip"),
        ({"status": 302, "location": "file:///etc/passwd"}, "http://"),
        ({"status": 302, "location": "http://169.254.169.254/latest"}, "no public address"),
    ],
    ids=["500", "cut", "empty", "half a gzip", "another scheme", "a private address"],
)
def test_a_bad_day_of_the_feed_changes_nothing(
    home: Home, client: redis.Redis, shop: Shop, fault: dict[str, object], words: str
) -> None:
    refresh_catalogue(client, home, shop.settings, NOW)
    for name, value in fault.items():
        setattr(shop, name, value)
    with pytest.raises((NotFetched, ImportRefused), match=words):
        refresh_catalogue(client, home, shop.settings, NOW)
    assert known(home) == {"tea": 5.0, "pot": 20.0}
    assert not read_state(client, "catalogue").is_well


def test_an_address_of_ones_own_network_must_be_allowed(home: Home, client: redis.Redis, shop: Shop) -> None:
    with pytest.raises(NotFetched):
        refresh_catalogue(client, home, shop.settings | {"own_network": False}, NOW)
    assert shop.asked == []


def test_what_is_connected_anew_in_another_way_is_read_again(
    home: Home, client: redis.Redis, shop: Shop
) -> None:
    shop.content = (HEADER + TEA + MUG).encode()
    refresh_catalogue(client, home, shop.settings, NOW)
    shop.content = (HEADER + TEA).encode()
    refresh_catalogue(client, home, shop.settings, NOW)
    complete = shop.settings | {"complete": True}
    assert is_due(home, complete, NOW)
    assert refresh_catalogue(client, home, complete, NOW) == "Products taken in: 1."
    assert all_changes(client)["mug"]["retired"] is True
