"""The same order of a shop at Shopify by pixel, webhooks, retry, file and history: one order, right money.

Every kind of order by every two ways, whichever comes first; each pair has an order of its own in one home.
Covers features/connections/shopify_orders.py, too.
"""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

import httpx
import pytest
import redis
from order_ways import OrderTeller, wrong
from shopify_api_server import TOKEN, node, shopify_server
from shopify_shop import SHOP, connect, export, line, order, refund, send

from features.connections.shopify_api import ShopifyApi
from features.connections.shopify_history import fetch_history, history_file
from features.home import Home
from features.live.shopper_state import Purchase, fold
from features.store import keys
from features.store.settings import StoreSettings
from features.upkeep.rebuild import rebuild

Json = dict[str, Any]
MUG = "Mug - Blue"
WAYS = ("pixel", "create", "paid", "updated", "retry", "file", "history")
PUBLIC = {"Authorization": "Bearer pk_demo"}
UPDATED = "2026-11-21T12:00:00+01:00"


class Kind(NamedTuple):
    """A kind of order. money: what is left of its goods, in cents; back: how it stands after its refund, none
    before."""

    order: Callable[[int], Json]
    money: int


def plain(number: int) -> Json:
    return order(number, [line(1, "tea", "10.00", 2), line(2, "", "5.00", title=MUG)])


def discounted(number: int) -> Json:
    return order(number, [line(1, "tea", "10.00", 3, off="4.01"), line(2, "mug", "5.00", off="0.66")])


def taxed_on_top(number: int) -> Json:
    lines = [line(1, "tea", "10.00", 2, off="1.00")]
    return order(number, lines, taxes_included=False, total_tax="4.53", currency="EUR")


def with_gift_card_and_tip(number: int) -> Json:
    gift = line(2, "", "50.00", title="Gift card", gift_card=True)
    tip = line(3, "", "3.00", title="Tip", tip_payment_method="card")
    return order(number, [line(1, "tea", "10.00"), gift, tip])


def free_postage(number: int) -> Json:
    """A code that takes off the postage alone."""
    whole = order(number, [line(1, "tea", "10.00")], total_discounts="4.90")
    codes = [{"code": "SHIPFREE", "amount": "4.90", "type": "shipping"}]
    return whole | {"discount_codes": codes, "total_price": "10.00"}


def gift_card_and_free_postage(number: int) -> Json:
    gift = line(2, "", "50.00", title="Gift card", gift_card=True)
    whole = order(number, [line(1, "tea", "10.00"), gift], total_discounts="4.90")
    codes = [{"code": "SHIPFREE", "amount": "4.90", "type": "shipping"}]
    return whole | {"discount_codes": codes, "total_price": "60.00"}


def foreign(number: int) -> Json:
    """Paid in dollars; all but `presentment` is in the shop's currency."""
    money = {"presentment_currency": "USD", "total_price_set": {"presentment_money": {"amount": "27.40"}}}
    return plain(number) | money


KINDS = {
    "plain": Kind(plain, 2500),
    "discounted": Kind(discounted, 3033),
    "taxed on top": Kind(taxed_on_top, 1900),
    "gift card and tip": Kind(with_gift_card_and_tip, 1000),
    "free postage": Kind(free_postage, 1000),
    "gift card and free postage": Kind(gift_card_and_free_postage, 1000),
    "foreign": Kind(foreign, 2500),
}


class Shop(OrderTeller):
    """Tells of orders in every way."""

    def tell(self, way: str, orders: list[Json]) -> None:
        if way == "file":
            self.take_export(export(orders))
        elif way == "history":
            with shopify_server([node(each) for each in orders]) as server:
                self.take(fetch_history(self.home, ShopifyApi(SHOP, TOKEN, server.address)))
            history_file(self.home).forget()
        elif way == "pixel":
            for each in orders:
                self.claim(each)
        elif way.startswith("refund"):
            for each in orders:
                self.refund(each)
        else:
            for each in orders:
                self.deliver(way, each)

    def deliver(self, way: str, each: Json) -> None:
        topic = {"paid": "orders/paid", "updated": "orders/updated"}.get(way, "orders/create")
        payload = each | {"updated_at": UPDATED} if way == "updated" else each
        delivery = f"create {each['id']}" if way in {"create", "retry"} else None
        for _ in range(2 if way == "retry" else 1):
            assert send(self.http, topic, payload, delivery=delivery).status_code == 200
        if way == "retry":  # and once more after the delivery's id is forgotten
            assert send(self.http, topic, payload).json() == {"outcome": "taken"}

    def refund(self, each: Json) -> None:
        for back in each["refunds"]:
            assert send(self.http, "refunds/create", back).json() == {"outcome": "taken"}
        if each["cancelled_at"]:
            assert send(self.http, "orders/cancelled", each).json() == {"outcome": "taken"}

    def claim(self, each: Json) -> None:
        """As the pixel does at `checkout_completed`."""
        items = [
            {
                "product_id": item["sku"] or item["name"],
                "quantity": item["quantity"],
                "unit_price": item["price"],
            }
            for item in each["line_items"]
        ]
        event = {
            "type": "purchase",
            "event_id": f"pixel {each['id']}",
            "anonymous_id": f"browser-{each['id']}",
            "timestamp": each["created_at"],
            "order": {
                "order_id": str(each["id"]),
                "items": items,
                "currency": "EUR",
                "discount": sum(
                    float(off["amount"])
                    for item in each["line_items"]
                    for off in item["discount_allocations"]
                ),
            },
        }
        assert self.http.post("/v1/events", json=event, headers=PUBLIC).json()["rejected"] == []

    def live(self, each: Json) -> list[Purchase]:
        """The orders that an answer to this customer, in the browser of the pixel, knows of."""
        names = (f"c:{each['customer']['id']}", f"a:browser-{each['id']}")
        logs = [cast(list[bytes], self.client.lrange(keys.SHOPPER_LOGS + name, 0, -1)) for name in names]
        return list(fold(list(dict.fromkeys(logs[0] + logs[1]))).purchases)


@pytest.fixture
def shop(
    http: httpx.Client, served_home: Home, client: redis.Redis, settings: StoreSettings, tmp_path: Path
) -> Shop:
    connect(served_home)
    return Shop(http, served_home, client, settings, tmp_path)


def test_an_order_by_any_two_ways_is_one_order_with_the_same_cents(shop: Shop) -> None:
    pairs = [*itertools.product(KINDS, itertools.permutations(WAYS, 2))]
    scripts, expected, names, orders = {}, {}, {}, {}
    for number, (kind, ways) in enumerate(pairs, 1001):
        orders[number] = KINDS[kind].order(number) | _customer(number)
        scripts[number] = [(way, orders[number]) for way in ways]
        expected[str(number)], names[str(number)] = KINDS[kind].money, (kind, ways)
    shop.told(scripts)
    assert wrong(shop.ledger(), expected, names) == {}
    assert {len(shop.live(each)) for each in orders.values()} == {0, 1}
    for number, (_, ways) in enumerate(pairs, 1001):
        assert (len(shop.live(orders[number])) == 0) == (ways[0] in {"file", "history"}), ways


def _customer(number: int) -> Json:
    customer = 9_000_000 + number
    return {"customer": {"id": customer}, "email": f"buyer{customer}@example.com"}


def one_line(whole: Json) -> Json:
    return _refunded(whole, refund(whole["id"], whole, "10.00", {1: 1}))


def a_sum(whole: Json) -> Json:
    return _refunded(whole, refund(whole["id"], whole, "3.00"))


def the_postage(whole: Json) -> Json:
    adjustment = {"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "0.00"}
    return _refunded(whole, refund(whole["id"], whole, "4.90", order_adjustments=[adjustment]))


def two_after_another(whole: Json) -> Json:
    """A piece, and later the rest of its line."""
    first = refund(whole["id"], whole, "10.00", {1: 1})
    return _refunded(whole, first, refund(whole["id"] + 100_000, whole, "10.00", {1: 1}))


def everything(whole: Json) -> Json:
    pieces = {each["id"]: each["quantity"] for each in whole["line_items"]}
    return _refunded(whole, refund(whole["id"], whole, whole["total_price"], pieces)) | {
        "financial_status": "refunded"
    }


def cancelled(whole: Json) -> Json:
    return everything(whole) | {"cancelled_at": "2026-11-21T11:00:00+01:00"}


def _refunded(whole: Json, *refunds: Json) -> Json:
    status = {"financial_status": "partially_refunded", "updated_at": UPDATED}
    return whole | status | {"refunds": list(refunds)}


def a_line_and_the_postage(whole: Json) -> Json:
    adjustment = {"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "0.00"}
    back = refund(whole["id"], whole, "14.90", {1: 1}, order_adjustments=[adjustment])
    return _refunded(whole, back)


def a_taxed_line(whole: Json) -> Json:
    return _refunded(whole, refund(whole["id"], whole, "11.31", {1: 1}, tax=0.19))


class Refund(NamedTuple):
    """money: what is left of the goods, in cents; by_file: whether a file alone says so to the cent, which
    names neither what went back, nor tax and postage in it; left: pieces that the customer keeps."""

    order: Callable[[int], Json]
    refunded: Callable[[Json], Json]
    money: int | None
    by_file: bool = True
    left: Mapping[str, float] | None = None


REFUNDS = {
    "a line": Refund(plain, one_line, 1500, left={"tea": 1, MUG: 1}),
    "a sum": Refund(plain, a_sum, 2200, left={"tea": 2, MUG: 1}),
    "the postage": Refund(plain, the_postage, 2500, left={"tea": 2, MUG: 1}),
    "two after another": Refund(plain, two_after_another, 500, left={MUG: 1}),
    "everything": Refund(plain, everything, None),
    "cancelled": Refund(plain, cancelled, None),
    "a line and the postage": Refund(plain, a_line_and_the_postage, 1500, False, {"tea": 1, MUG: 1}),
    "a taxed line": Refund(taxed_on_top, a_taxed_line, 950, False, {"tea": 1}),
}
LIVE_WAYS = {"refund", "updated", "refund again"}
REFUND_WAYS = ("refund", "updated", "refund again", "file", "history")


def test_a_refund_by_any_two_ways_is_one_refund_with_the_same_cents(shop: Shop) -> None:
    bases = ("create", "file", "pixel")
    pairs = [*itertools.product(REFUNDS, bases, itertools.permutations(REFUND_WAYS, 2))]
    scripts, expected, names, whole_of = {}, {}, {}, {}
    for number, (kind, base, ways) in enumerate(pairs, 1001):
        order_of, refunded, cents, by_file, _ = REFUNDS[kind]
        if not by_file and {*ways} <= {"file", "history"}:
            continue
        whole = whole_of[number] = order_of(number) | _customer(number)
        back = refunded(whole)
        scripts[number] = [(base, whole), *((way, back) for way in ways)]
        nameless = (
            base == "pixel" and not {"updated", "file", "history"} & {*ways} and not back["cancelled_at"]
        )
        known_as = str(whole["id"] if nameless else number)
        expected[known_as], names[known_as] = cents, (kind, base, ways)
    shop.told(scripts)
    assert wrong(shop.ledger(), expected, names) == {}
    for number, (kind, base, ways) in zip(range(1001, 1001 + len(pairs)), pairs, strict=True):
        if base == "create" and number in scripts and {*ways} <= LIVE_WAYS:
            left = [
                dict(zip(each.product_ids, each.quantities, strict=True))
                for each in shop.live(whole_of[number])
            ]
            assert left == ([REFUNDS[kind].left] if REFUNDS[kind].left else []), (kind, ways)


def test_an_authorisation_that_expired_may_be_paid_later_and_a_cancellation_stays(shop: Shop) -> None:
    whole = {number: plain(number) | _customer(number) for number in range(1001, 1006)}
    expired = {number: each | {"financial_status": "expired"} for number, each in whole.items()}
    paid = {number: each | {"updated_at": "2026-11-22T12:00:00+01:00"} for number, each in whole.items()}
    scripts = {
        1001: [("create", whole[1001]), ("updated", expired[1001]), ("paid", paid[1001])],
        1002: [("create", whole[1002]), ("paid", paid[1002]), ("updated", expired[1002])],
        1003: [("create", whole[1003]), ("file", expired[1003]), ("paid", paid[1003])],
        1004: [
            ("file", expired[1004]),
            ("file", whole[1004]),
            ("file", expired[1004]),
            ("file", whole[1004]),
        ],
        1005: [("create", whole[1005]), ("updated", cancelled(whole[1005])), ("file", whole[1005])],
    }
    shop.told(scripts)
    assert shop.ledger() == {str(number): 2500 for number in range(1001, 1005)}
    assert [bool(shop.live(each)) for each in whole.values()] == [True, True, True, False, False]


def edited(whole: Json) -> Json:
    """One piece of tea was taken out, and a pot came in; nothing was paid back."""
    tea, *others = whole["line_items"]
    pot = line(9, "pot", "7.50")
    fresh = order(0, [tea | {"current_quantity": 1, "quantity": 1}, *others, pot])
    money = {name: fresh[name] for name in ("subtotal_price", "total_price", "line_items")}
    return whole | money | {"updated_at": UPDATED}


def test_an_order_that_was_edited_counts_as_it_is_now(shop: Shop) -> None:
    whole = {number: plain(number) | _customer(number) for number in range(1001, 1007)}
    now = {number: edited(each) for number, each in whole.items()}
    scripts = {
        1001: [("create", whole[1001]), ("updated", now[1001])],
        1002: [("updated", now[1002]), ("create", whole[1002])],  # which was on its way for long
        1003: [("create", whole[1003]), ("file", now[1003])],
        1004: [("file", whole[1004]), ("updated", now[1004])],
        1005: [("updated", now[1005]), ("file", now[1005])],
        1006: [("create", whole[1006]), ("updated", now[1006]), ("file", now[1006])],
    }
    shop.told(scripts)
    assert shop.ledger() == {str(number): 2250 for number in scripts}
    shop.client.flushall()
    rebuild(shop.home, shop.client, shop.settings, datetime.now(UTC))
    for number in (1001, 1002, 1005, 1006):
        (left,) = shop.live(whole[number])
        assert {*left.product_ids} == {"tea", MUG, "pot"}, number
