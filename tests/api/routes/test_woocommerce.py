"""A shop at WooCommerce by webhook, page, file and history: one order, one refund, the right money.

Covers features/connections/woocommerce_orders.py, woocommerce_products.py and payloads.py, too.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import redis
import woo_shop
from order_ways import OrderTeller, wrong
from woo_shop import SITE, connect, export, line, order, send, woo_server

from features.connections.arrivals import read_state
from features.connections.woocommerce_history import WooApi, fetch_history, history_file
from features.home import Home
from features.live.shopper_state import Purchase, fold
from features.store import keys
from features.store.settings import StoreSettings
from features.upkeep.rebuild import rebuild

Json = dict[str, Any]
PUBLIC = {"Authorization": "Bearer pk_demo"}
UPDATED = "2026-11-21T12:00:00"


@pytest.fixture(autouse=True)
def connected(served_home: Home) -> None:
    connect(served_home)


def streamed(client: redis.Redis) -> list[Json]:
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    return [json.loads(fields[b"e"]) for _, fields in entries]


def test_a_line_that_names_no_product_is_kept_for_a_person(http: httpx.Client, client: redis.Redis) -> None:
    nameless = line(1, "", "5.00", name="", product_id=0)
    assert send(http, "order.created", order(77, [nameless])).json() == {"outcome": "set_aside"}
    assert "a line names no product" in str(read_state(client, "woocommerce").trouble)
    assert send(http, "product.updated", {"id": 0}).json() == {"outcome": "set_aside"}


def plain(number: int) -> Json:
    return order(number, [line(1, "tea", "20.00", 2), line(2, "", "5.00", name="Mug")])


def with_coupon(number: int) -> Json:
    return order(number, [line(1, "tea", "25.99", 3, before="30.00"), line(2, "mug", "4.34", before="5.00")])


def with_tax(number: int) -> Json:
    return order(number, [line(1, "tea", "20.00", 2)], tax="4.73")


KINDS: dict[str, tuple[Callable[[int], Json], int]] = {
    "plain": (plain, 2500),
    "coupon": (with_coupon, 3033),
    "tax": (with_tax, 2000),
}
WAYS = ("page", "created", "updated", "again", "file", "history")


class Shop(OrderTeller):
    """Tells of orders in every way."""

    def tell(self, way: str, orders: list[Json]) -> None:
        if way == "file":
            self.take_export(export(orders))
        elif way == "history":
            with woo_server(orders) as server:
                self.take(fetch_history(self.home, WooApi(server.site, woo_shop.KEY)))
            history_file(self.home).forget()
        else:
            for each in orders:
                self.one(way, each)

    def one(self, way: str, each: Json) -> None:
        if way == "page":
            items = [{"product_id": i["sku"] or str(i["product_id"])} for i in each["line_items"]]
            claim = {"type": "purchase", "order": {"order_id": each["number"], "items": items}}
            assert self.http.post("/v1/events", json=claim, headers=PUBLIC).json()["rejected"] == []
            return
        payload = (
            each | {"date_modified_gmt": max(UPDATED, each["date_modified_gmt"])}
            if way == "updated"
            else each
        )
        topic = {"updated": "order.updated", "restored": "order.restored"}.get(way, "order.created")
        if way == "deleted":
            topic, payload = "order.deleted", {"id": each["id"]}
        for _ in range(2 if way == "again" else 1):
            assert send(self.http, topic, payload).json() == {"outcome": "taken"}

    def live(self, each: Json) -> tuple[Purchase, ...]:
        """The orders that an answer to this customer knows of."""
        log = keys.shopper_log(str(each["customer_id"]), identified=True)
        return fold(cast(list[bytes], self.client.lrange(log, 0, -1))).purchases


@pytest.fixture
def shop(
    http: httpx.Client, served_home: Home, client: redis.Redis, settings: StoreSettings, tmp_path: Path
) -> Shop:
    return Shop(http, served_home, client, settings, tmp_path)


OF_A_CHANGE = ("status", "date_modified_gmt")


def test_an_order_by_any_two_ways_is_one_order_with_the_same_cents(shop: Shop) -> None:
    pairs = [*itertools.product(KINDS, itertools.permutations(WAYS, 2))]
    scripts, expected = {}, {}
    for number, (kind, ways) in enumerate(pairs, 1001):
        make, cents = KINDS[kind]
        scripts[number] = [(way, make(number)) for way in ways]
        expected[str(number)] = cents
    shop.told(scripts)
    names = {str(number): pair for number, pair in enumerate(pairs, 1001)}
    assert wrong(shop.ledger(), expected, names) == {}


def refunded(whole: Json, *sums: str, status: str = "processing") -> Json:
    refunds = [{"id": whole["id"] * 10 + n, "total": f"-{each}"} for n, each in enumerate(sums)]
    return whole | {"refunds": refunds, "status": status, "date_modified_gmt": UPDATED}


REFUNDS: dict[str, tuple[Callable[[Json], Json], int | None]] = {
    "a sum": (lambda whole: refunded(whole, "3.00"), 2200),
    "two sums": (lambda whole: refunded(whole, "3.00", "2.00"), 2000),
    "the postage": (lambda whole: refunded(whole, "4.90"), 2500),
    "everything": (lambda whole: refunded(whole, whole["total"], status="refunded"), None),
    "cancelled": (lambda whole: whole | {"status": "cancelled", "date_modified_gmt": UPDATED}, None),
}


def test_a_refund_by_any_two_ways_is_one_refund_with_the_same_cents(shop: Shop) -> None:
    bases, ways = ("page", "created", "file"), ("updated", "again", "file", "history")
    pairs = [*itertools.product(REFUNDS, bases, itertools.permutations(ways, 2))]
    scripts, expected = {}, {}
    for number, (kind, base, two) in enumerate(pairs, 1001):
        back = REFUNDS[kind][0](plain(number))
        scripts[number] = [(base, plain(number)), *((way, back) for way in two)]
        expected[str(number)] = REFUNDS[kind][1]
    shop.told(scripts)
    names = {str(number): pair for number, pair in enumerate(pairs, 1001)}
    assert wrong(shop.ledger(), expected, names) == {}


def cancelled(whole: Json, hour: int = 13) -> Json:
    return whole | {"status": "cancelled", "date_modified_gmt": f"2026-11-21T{hour}:00:00"}


def restored(whole: Json, hour: int = 14) -> Json:
    return cancelled(whole, hour) | {"status": "processing"}


DATED, ALL_WAYS = ("updated", "again", "history"), ("updated", "again", "history", "file")
BASES = ("page", "created", "file", "history")


def restorations(number: int) -> Iterator[tuple[str, list[tuple[str, Json]], int | None]]:
    """Name, script and cents of orders that were cancelled and restored, by every two ways."""
    whole = plain(number)
    for base, (gone, back) in itertools.product(BASES, itertools.product(ALL_WAYS, repeat=2)):
        if (gone in DATED) and back == "file":
            continue  # a file that does not say when takes back what files said
        yield "restored", [(base, whole), (gone, cancelled(whole)), (back, restored(whole))], 2500
    for base, (gone, back, late) in itertools.product(BASES[1:3], itertools.product(DATED, repeat=3)):
        script = [(base, whole), (back, restored(whole)), (gone, cancelled(whole)), (late, cancelled(whole))]
        yield "what is older comes last", script, 2500
    for gone, back, anew in itertools.product(ALL_WAYS, DATED, ALL_WAYS):
        script = [("created", whole), (gone, cancelled(whole)), (back, restored(whole))]
        yield "cancelled again", [*script, (anew, cancelled(whole, 15))], None
        last = [(anew, cancelled(whole, 15)), ("updated", restored(whole, 16))]
        yield "restored again", [*script, *last, (back, restored(whole))], 2500
    for back in ("restored", "updated", "history"):
        script = [("created", whole), ("deleted", whole)]
        yield "deleted", [*script, ("deleted", whole)], None
        yield "out of the trash", [*script, (back, restored(whole))], 2500
        yield "deleted again", [*script, ("restored", restored(whole)), ("deleted", whole)], None
    failed = whole | {"status": "failed"}
    yield "paid at the second try", [("created", failed), ("updated", restored(whole))], 2500
    waits = cancelled(whole) | {"status": "on-hold"}
    yield "waits for money again", [("created", whole), ("updated", waits)], None
    yield "paid at last", [("created", whole), ("updated", waits), ("updated", restored(whole))], 2500
    yield (
        "the file is the older one",
        [("history", restored(whole)), ("file", cancelled(whole)), ("file", whole)],
        2500,
    )


def test_an_order_that_was_cancelled_and_restored_counts_by_its_newest_word(shop: Shop) -> None:
    kinds = dict(enumerate(restorations(0), 1001))
    scripts, expected = {}, {}
    for number, (_, script, cents) in kinds.items():
        own = {name: value for name, value in plain(number).items() if name not in OF_A_CHANGE}
        scripts[number] = [(way, each | own) for way, each in script]
        expected[str(number)] = cents
    shop.told(scripts)
    names = {str(number): (name, [way for way, _ in script]) for number, (name, script, _) in kinds.items()}
    assert wrong(shop.ledger(), expected, names) == {}
    is_live = {
        number for number, each in scripts.items() if not {"file", "history", "page"} & dict(each).keys()
    }
    counted = {number for number in is_live if shop.live(scripts[number][0][1])}
    assert counted == {number for number in is_live if kinds[number][2]}
    shop.client.flushall()
    rebuild(shop.home, shop.client, shop.settings, datetime.now(UTC))
    assert {number for number in is_live if shop.live(scripts[number][0][1])} == counted


def test_who_bought_is_known_by_number_address_and_browser(http: httpx.Client, client: redis.Redis) -> None:
    guest = plain(1) | {"customer_id": 0, "meta_data": [{"key": "_perennial_id", "value": "a-1"}]}
    send(http, "order.created", guest)
    send(http, "order.created", plain(2))
    first, second = streamed(client)
    assert first["anonymous_id"] == "a-1"
    assert second["customer_id"] == "7002"
    assert "buyer1@example.com" not in json.dumps(first)


def test_a_shipped_order_and_one_in_the_trash(http: httpx.Client, client: redis.Redis) -> None:
    send(http, "order.updated", plain(1) | {"status": "completed", "date_completed_gmt": UPDATED})
    send(http, "order.deleted", {"id": 1})
    send(http, "order.deleted", {"id": 99})
    assert [each["type"] for each in streamed(client)] == ["purchase", "order_status", "cancel"]


def test_the_ping_of_a_new_webhook_is_answered_and_strangers_are_refused(
    http: httpx.Client, client: redis.Redis
) -> None:
    assert http.post(woo_shop.WEBHOOKS, data={"webhook_id": "5"}).json() == {"outcome": "ping"}
    assert send(http, "order.created", plain(1), **{"X-WC-Webhook-Signature": "no"}).status_code == 401
    other = {"X-WC-Webhook-Source": "https://other.example/"}
    assert send(http, "order.created", plain(1), **other).status_code == 403
    assert streamed(client) == []


def test_what_is_odd_is_no_failure_that_would_disable_the_webhook(
    http: httpx.Client, client: redis.Redis
) -> None:
    assert send(http, "coupon.created", {"id": 1}).json() == {"outcome": "ignored"}
    assert send(http, "order.created", {"id": 1}).json() == {"outcome": "set_aside"}
    assert "not as woocommerce documents it" in str(read_state(client, "woocommerce").trouble)


PRODUCT: Json = {
    "id": 77,
    "name": "Green &amp; mild",
    "slug": "green-mild",
    "permalink": f"{SITE}/product/green-mild/",
    "type": "simple",
    "status": "publish",
    "catalog_visibility": "visible",
    "sku": "green",
    "price": "6.5",
    "manage_stock": True,
    "stock_quantity": 3,
    "backorders": "no",
    "stock_status": "instock",
    "categories": [{"id": 1, "name": "Tea"}],
    "images": [{"src": f"{SITE}/green.jpg"}],
}


def changes(client: redis.Redis, product_id: str) -> Json:
    kept = cast(bytes | None, client.hget(keys.catalogue(), product_id))
    return json.loads(kept) if kept else {}


def test_products_are_in_the_live_catalogue_by_all_their_names(
    http: httpx.Client, client: redis.Redis
) -> None:
    send(http, "product.created", PRODUCT)
    assert changes(client, "green") | {
        "title": "Green & mild",
        "price": 6.5,
        "stock": 3.0,
        "category": "Tea",
    } == changes(client, "green")
    view = {"type": "view", "anonymous_id": "a", "product_id": "77"}
    http.post("/v1/events", json=view)
    assert streamed(client)[-1]["product_id"] == "green"
    send(http, "product.updated", PRODUCT | {"stock_quantity": 0, "backorders": "yes"})
    assert changes(client, "green")["stock"] is None
    send(http, "product.deleted", {"id": 77})
    assert changes(client, "green")["retired"] is True


def test_the_parent_of_variations_is_no_product_itself(http: httpx.Client, client: redis.Redis) -> None:
    send(http, "product.created", PRODUCT | {"type": "variable", "id": 80, "sku": "parent"})
    send(http, "product.created", PRODUCT | {"type": "variation", "id": 81, "sku": "", "slug": "v"})
    assert changes(client, "parent") == {}
    assert changes(client, "81")["title"] == "Green & mild"
