"""Events of GA4 and Segment, and ours under foreign names, from JSON lines, tables and parquet."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.catalogue.products import load_products
from features.history import events_parquet as history
from features.home import Home
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.importers.summary import OrdersSummary
from features.people.aliases import load_people

from factories import NOW

Take = Callable[..., tuple[OrdersSummary, pl.DataFrame]]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(*events: Any, name: str = "events.jsonl") -> tuple[OrdersSummary, pl.DataFrame]:
        path = tmp_path / name
        path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in events))
        summary = import_orders(home, path, received_at=NOW)
        return summary, history.scan(home).sort("timestamp", "event_id", "line").collect()

    return run


def ga4(name: str, second: int, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    session = [{"key": "ga_session_id", "value": {"string_value": None, "int_value": "77"}}]
    at = str(1_772_359_200_000_000 + second * 1_000_000)
    return {"event_name": name, "event_timestamp": at, "user_pseudo_id": "11.22", "event_params": session} | {
        "items": list(items),
        **more,
    }


MUG = {"item_id": "MUG", "item_name": "Mug", "item_variant": "blue", "price": 12.5, "quantity": 2}
POT = {"item_id": "POT", "item_name": "Pot", "item_variant": "(not set)", "price": "9"}
GA4 = [
    ga4("session_start", 0),
    ga4("view_item", 1, MUG),
    ga4("add_to_cart", 2, MUG, POT),
    ga4(
        "purchase",
        3,
        MUG,
        POT,
        user_id="ida",
        ecommerce={"transaction_id": "T-1"},
        geo={"country": "Germany"},
    )
    | {"event_params": [{"key": "currency", "value": {"string_value": "EUR"}}]},
]


def check_ga4(home: Home, summary: OrdersSummary, rows: pl.DataFrame) -> None:
    assert summary.set_aside == {RejectReason.OTHER_EVENT.value: 1}
    assert rows["type"].to_list() == ["view", "add_to_cart", "add_to_cart", "purchase", "purchase"]
    bought = rows.filter(type="purchase").select(
        "order_id", "customer_id", "product_id", "quantity", "unit_price"
    )
    assert bought.rows() == [("T-1", "ida", "MUG", 2, 12.5), ("T-1", "ida", "POT", 1, 9)]
    assert rows["session_id"][0] == "11.22.77"
    assert rows["timestamp"].dt.to_string("%Y-%m-%d %H:%M:%S")[0] == "2026-03-01 10:00:01"
    assert summary.money["EUR"].revenue == 34
    assert set(load_products(home)["title"]) == {"Mug - blue", "Pot"}


def test_ga4_as_json_lines(home: Home, take: Take) -> None:
    check_ga4(home, *take(*GA4))
    assert take(*GA4)[0].taken == 0


def test_ga4_as_parquet(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "ga4.parquet"
    pl.DataFrame(GA4, infer_schema_length=None, strict=False).write_parquet(path)
    summary = import_orders(home, path, received_at=NOW)
    check_ga4(home, summary, history.scan(home).sort("timestamp", "event_id", "line").collect())


def test_a_list_of_events_is_read_as_its_lines_are(home: Home, take: Take) -> None:
    check_ga4(home, *take(json.dumps(GA4, indent=1)))
    assert take(json.dumps({"events": GA4}, indent=1))[0].already_known == 3


def segment(event: str, id: str, **properties: Any) -> dict[str, Any]:
    call = {"type": "track", "event": event, "messageId": id, "anonymousId": "a-1", "userId": "ida"}
    return call | {"timestamp": "2026-03-01T10:00:00Z", "properties": properties}


def test_segment_calls(take: Take) -> None:
    product = {"product_id": "507", "sku": "MUG", "name": "Mug", "price": "12.50", "quantity": 2}
    summary, rows = take(
        {"type": "page", "anonymousId": "a-1", "messageId": "m0", "timestamp": "2026-03-01T10:00:00Z"},
        segment("Product Viewed", "m1", **product),
        segment("Order Completed", "m2", order_id="S-1", currency="EUR", coupon="NEW", products=[product]),
        segment("Order Refunded", "m3", order_id="S-1"),
        {"type": "identify", "userId": "ida", "anonymousId": "a-1", "messageId": "m4", "traits": {}},
        segment("Something Else", "m5"),
    )
    assert summary.set_aside == {RejectReason.OTHER_EVENT.value: 1, RejectReason.INVALID_EVENT.value: 1}
    assert sorted(rows["type"]) == ["identify", "purchase", "refund", "view"]
    assert rows.filter(type="purchase").select("product_id", "coupon", "currency", "unit_price").rows() == [
        ("MUG", "NEW", "EUR", 12.5)
    ]
    assert rows.filter(type="view")["event_id"].item() == "m1"


def test_ours_under_foreign_names(take: Take) -> None:
    at = "2026-03-01T10:00:00Z"
    lines = {"order_id": "o-1", "items": [{"product_id": "MUG"}]}
    _, rows = take(
        {"type": "Product Viewed", "product_id": "MUG", "anonymous_id": "a", "timestamp": at},
        {"type": "Order Completed", "order": lines, "customer_id": "ida", "timestamp": at},
    )
    assert sorted(rows["type"]) == ["purchase", "view"]


TABLES = {
    "foreign names": "event,timestamp,customer_id,product_id,order_id\n"
    "Order Completed,2026-03-01,ida,MUG,o1\nview_item,2026-03-01,ida,MUG,\ncart,2026-03-01,ida,MUG,\n",
    "cosmetics": "event_time,event_type,product_id,price,user_id,user_session\n"
    "2026-03-01 10:00:00 UTC,purchase,MUG,9,ida,s\n2026-03-01 10:00:00 UTC,view,MUG,9,ida,s\n"
    "2026-03-01 10:00:00 UTC,cart,MUG,9,ida,s\n",
    "visitors": "timestamp,visitorid,event,itemid,transactionid\n"
    "1772359200000,5,transaction,MUG,7\n1772359200000,5,view,MUG,\n1772359200000,5,addtocart,MUG,\n",
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_tables_of_events_with_others_headers_and_names(take: Take, text: str) -> None:
    summary, rows = take(text, name="events.csv")
    assert sorted(rows["type"]) == ["add_to_cart", "purchase", "view"]
    assert summary.lost == 0
    assert rows["timestamp"].dt.year().unique().to_list() == [2026]


def test_a_segment_call_says_whose_address_it_is(home: Home, take: Take) -> None:
    """So that the browser's customer and the one of an order with this address are one."""
    call = {"type": "identify", "userId": "ida", "anonymousId": "a-1", "messageId": "m1"}
    address = "ida@example.org"
    take(call | {"timestamp": "2026-03-01T10:00:00Z", "traits": {"email": address, "name": "Ida"}})
    assert load_people(home)["customer_id"].to_list() == ["ida"]
    assert not [
        path for path in home.root.rglob("*") if path.is_file() and address.encode() in path.read_bytes()
    ]


def test_page_views_are_no_loss(take: Take) -> None:
    views = [f"page_view,2026-03-01,ida,,{n}" for n in range(9)]
    summary, _ = take(
        "event,timestamp,customer_id,product_id,order_id",
        "purchase,2026-03-01,ida,MUG,1",
        *views,
        name="e.csv",
    )
    assert summary.set_aside == {RejectReason.OTHER_EVENT.value: 9}
    assert summary.went_wrong is None
