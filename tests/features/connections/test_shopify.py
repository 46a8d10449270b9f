"""What Shopify's webhooks mean here, but for orders (tests/api/routes/test_shopify_same_order.py).

Payloads by hand from https://shopify.dev/docs/api/webhooks. Covers features/connections/shopify_products.py,
features/connections/shopify_orders.py, shopify_refunds.py, shopify_lines.py and webhook_services.py, too.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from shopify_shop import line, order, refund

from features.catalogue.live_changes import ProductChange
from features.connections.shopify_orders import NEVER, REFUNDED, WAITS, order_events, order_facts
from features.connections.shopify_refunds import refund_events
from features.connections.webhook import Memo, Work
from features.connections.webhook_services import WEBHOOK_SERVICES
from features.events.vocabulary import parse_event
from features.importers.statuses import STATUSES

AT = "2026-11-20T09:00:00+01:00"
PRODUCT = {
    "id": 632910392,
    "title": "Mug",
    "handle": "mug",
    "vendor": "Potter",
    "product_type": "Cups",
    "status": "active",
    "image": {"id": 1, "src": "https://cdn.example/mug.jpg"},
    "images": [
        {"id": 1, "src": "https://cdn.example/mug.jpg"},
        {"id": 2, "src": "https://cdn.example/blue.jpg"},
    ],
    "variants": [
        {
            "id": 808950810,
            "title": "Blue",
            "price": "12.50",
            "sku": "MUG-B",
            "inventory_item_id": 11,
            "inventory_management": "shopify",
            "inventory_policy": "deny",
            "inventory_quantity": 4,
            "image_id": 2,
        },
        {
            "id": 808950811,
            "title": "Red",
            "price": "12.50",
            "sku": "",
            "inventory_item_id": 12,
            "inventory_management": None,
            "inventory_quantity": 0,
        },
    ],
}


def work(topic: str, payload: Any, memo: Memo | None = None) -> Work:
    """What a webhook asks for; its events and products are ones that we take."""
    asked = WEBHOOK_SERVICES["shopify"].translate(topic, payload, memo or {})
    for each in asked.events:
        parse_event(each, datetime(2026, 11, 30, tzinfo=UTC), "fresh")
    for fields in asked.products.values():
        msgspec.convert(fields, ProductChange)
    return asked


def test_a_variant_is_a_product_named_as_the_importer_names_it() -> None:
    asked = work("products/update", PRODUCT, {"variants": ["MUG-B", "MUG-OLD"]})
    assert asked.products == {
        "MUG-OLD": {"retired": True},
        "MUG-B": {
            "title": "Mug - Blue",
            "price": 12.5,
            "url": "/products/mug",
            "image_url": "https://cdn.example/blue.jpg",
            "brand": "Potter",
            "category": "Cups",
            "retired": False,
            "stock": 4.0,
        },
        "Mug - Red": {
            "title": "Mug - Red",
            "price": 12.5,
            "url": "/products/mug",
            "image_url": "https://cdn.example/mug.jpg",
            "brand": "Potter",
            "category": "Cups",
            "retired": False,
            "stock": None,
            "available": True,
        },
    }
    assert asked.names == {
        "808950810": "MUG-B",
        "808950811": "Mug - Red",
        "632910392": "MUG-B",
        "mug": "MUG-B",
    }
    assert asked.memos == {
        "product:632910392": {"variants": ["MUG-B", "Mug - Red"]},
        "stock:11": {"product": "MUG-B"},
    }


def test_a_draft_and_a_deleted_product_are_retired() -> None:
    draft = work("products/create", PRODUCT | {"status": "draft"})
    assert {fields["retired"] for fields in draft.products.values()} == {True}
    assert work("products/delete", {"id": 632910392}, {"variants": ["MUG-B"]}).products == {
        "MUG-B": {"retired": True}
    }
    assert (
        work("products/create", PRODUCT | {"product_type": "Gift Card"}).products["MUG-B"]["is_product"]
        is False
    )


def test_stock_is_that_of_all_places_that_told_of_theirs() -> None:
    memo: dict[str, Any] = {"product": "MUG-B"}
    for place, available, total in [(1, 3, 3.0), (2, 4, 7.0), (1, 0, 4.0), (2, None, 0.0)]:
        level = {"inventory_item_id": 11, "location_id": place, "available": available}
        asked = work("inventory_levels/update", level, memo)
        memo |= asked.memos["stock:11"]
        assert asked.products == {"MUG-B": {"stock": total}}
    assert work("inventory_levels/update", {"inventory_item_id": 9, "location_id": 1}).products == {}


def test_a_customer_is_known_by_address_and_may_be_written_to_as_they_said() -> None:
    consent = {"state": "subscribed", "consent_updated_at": "2026-11-19T09:00:00+01:00"}
    customer = {"id": 7, "email": "a@example.com", "updated_at": AT, "created_at": AT}
    identify, said = work("customers/create", customer | {"email_marketing_consent": consent}).events
    assert (identify["type"], identify["customer_id"], identify["properties"]) == (
        "identify",
        "7",
        {"email": "a@example.com"},
    )
    assert (said["type"], said["properties"], said["timestamp"]) == (
        "consent",
        {"email": True},
        consent["consent_updated_at"],
    )
    unknown = {"state": "not_subscribed", "consent_updated_at": None}
    assert len(work("customers/update", customer | {"email_marketing_consent": unknown}).events) == 1


def test_a_cart_tells_what_changed_and_a_checkout_whose_it_is() -> None:
    tea = {"sku": "tea", "title": "Tea", "quantity": 3}
    mug = {"sku": "", "title": "Mug - Blue", "quantity": 1}
    cart = {"token": "c1", "updated_at": AT, "line_items": [tea, mug]}
    asked = work("carts/update", cart, {"lines": {"tea": 1.0, "pot": 2.0}})
    assert [(each["type"], each["product_id"], each["quantity"]) for each in asked.events] == [
        ("add_to_cart", "tea", 2.0),
        ("remove_from_cart", "pot", 2.0),
        ("add_to_cart", "Mug - Blue", 1.0),
    ]
    assert work("carts/update", cart, asked.memos["cart:c1"]).events == []
    checkout = {
        "token": "k1",
        "cart_token": "c1",
        "created_at": AT,
        "email": "a@example.com",
        "customer": {"id": 7},
    }
    (event,) = work("checkouts/create", checkout).events
    assert (event["customer_id"], event["anonymous_id"]) == ("7", asked.events[0]["anonymous_id"])


def test_a_fulfilment_is_the_order_s_status() -> None:
    sent = {
        "id": 5,
        "order_id": 1,
        "name": "#1001.1",
        "status": "success",
        "created_at": AT,
        "updated_at": AT,
    }
    (event,) = work("fulfillments/create", sent).events
    assert event["properties"] == {"order_id": "1001", "status": "shipped"}
    memo = {"number": "EN1001", "customer": "7"}
    (event,) = work("fulfillments/update", sent | {"shipment_status": "delivered"}, memo).events
    assert (event["customer_id"], event["properties"]) == ("7", {"order_id": "EN1001", "status": "delivered"})
    assert work("fulfillments/create", sent | {"status": "cancelled"}).events == ()


def test_the_privacy_topics_name_whom_they_concern() -> None:
    request = {"shop_domain": "s", "customer": {"id": 7, "email": "a@example.com", "phone": None}}
    assert work("customers/redact", request).erase == ["7", "a@example.com"]
    assert work("customers/data_request", request).export == ["7", "a@example.com"]
    assert work("shop/redact", {"shop_domain": "s"}).erase_shop


def test_financial_statuses_mean_what_they_mean_to_the_importer() -> None:
    assert {*STATUSES["waits"]["Shopify"]} == WAITS
    assert {*STATUSES["never"]["Shopify"]} == NEVER
    assert STATUSES["refunded"]["Shopify"] == [REFUNDED]


def test_an_order_counts_when_it_is_paid_and_no_longer_when_it_is_void() -> None:
    whole = order(1001, [line(1, "tea", "10.00")])
    assert list(order_events(whole | {"financial_status": "pending"})) == []
    (event,) = order_events(whole | {"financial_status": "voided"})
    assert event["type"] == "cancel"
    assert work("orders/create", whole | {"test": True}) == Work()
    assert work("orders/edited", {"order_edit": {"order_id": 1}}) == Work()


def test_a_change_has_the_same_id_whatever_tells_of_it_and_each_change_its_own() -> None:
    whole = order(1001, [line(1, "tea", "10.00")])
    (first,), (again,) = order_events(whole), order_events(whole | {"closed_at": AT})
    (later,) = order_events(whole | {"updated_at": AT})
    (edited,) = order_events(whole | {"line_items": [line(1, "tea", "10.00", 2)]})
    assert first["event_id"] == again["event_id"]
    assert len({each["event_id"] for each in (first, later, edited)}) == 3


@pytest.mark.parametrize(
    ("paid", "lines", "goods"),
    [
        ("10.00", {1: 1}, [10.0]),
        ("4.00", {1: 1}, [4.0]),  # less than the piece is worth
        ("12.00", {1: 1}, [10.0, 2.0]),  # more
        ("", {1: 1}, [None]),  # taken back, not paid back
        ("2.50", None, [2.5]),
    ],
)
def test_what_went_back_is_what_was_paid(paid: str, lines: dict[int, int] | None, goods: list[Any]) -> None:
    whole = order(1001, [line(1, "tea", "10.00", 2)])
    events = list(refund_events(refund(9, whole, paid, lines), order_facts(whole)))
    for each in events:
        parse_event(each, datetime(2026, 11, 30, tzinfo=UTC), "fresh")
    money = [(each["order"].get("items") or [each])[0].get("unit_price") for each in events]
    assert money == goods
    assert len({each["event_id"] for each in events}) == len(events)


def test_postage_that_went_back_takes_nothing_off_the_goods() -> None:
    whole = order(1001, [line(1, "tea", "10.00", 2)])
    back = {"refund_shipping_lines": [{"subtotal_amount_set": {"shop_money": {"amount": "4.90"}}}]}
    (event,) = refund_events(refund(9, whole, "4.90") | back, order_facts(whole))
    assert parse_event(event, datetime(2026, 11, 30, tzinfo=UTC), "fresh").refunded_sum == 0.0


def test_money_paid_back_in_the_buyer_s_currency_counts_in_the_shop_s() -> None:
    whole = order(1001, [line(1, "tea", "10.00", 2)])
    dollars = {
        "transactions": [{"kind": "refund", "status": "success", "amount": "11.40", "currency": "USD"}]
    }
    (event,) = refund_events(refund(9, whole, "", {1: 1}) | dollars, order_facts(whole))
    assert event["order"]["items"][0]["unit_price"] == 10.0
    more = {"order_adjustments": [{"kind": "refund_discrepancy", "amount": "-2.50", "tax_amount": "0.00"}]}
    (event,) = refund_events(refund(9, whole, "") | dollars | more, order_facts(whole))
    assert event["unit_price"] == 2.5
