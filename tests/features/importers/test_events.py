"""Our own events, as a table and as JSON lines."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from features.events.vocabulary import Order, OrderItem
from features.history import events_parquet as history
from features.history.event_rows import event_rows
from features.home import Home
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.importers.summary import OrdersSummary

from factories import NOW, event

AT = "2026-01-02T03:04:05Z"


Take = Callable[..., tuple[OrdersSummary, pl.DataFrame]]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(*lines: str | dict[str, object], name: str = "events.csv") -> tuple[OrdersSummary, pl.DataFrame]:
        path = tmp_path / name
        path.write_text(
            "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n"
        )
        summary = import_orders(home, path, received_at=NOW)
        return summary, history.scan(home).sort("timestamp", "event_id", "line").collect()

    return run


TABLE = "customer_id,session_id,{},product_id,quantity,unit_price,order_id,timestamp"


@pytest.mark.parametrize("header", [TABLE.format("event"), TABLE.format("type")])
def test_a_table_of_events(take: Take, header: str) -> None:
    summary, rows = take(
        header,
        f"c1,s1,view,p1,,,,{AT}",
        f"c1,s1,purchase,p1,2,9.5,o1,{AT}",
        f"c1,s1,purchase,p2,1,,o1,{AT}",
        f"c1,s1,refund,p2,1,,o1,{AT}",
        f"c1,s1,dance,p2,1,,,{AT}",
        f",,view,p2,1,,,{AT}",
    )
    assert summary.set_aside == {RejectReason.UNKNOWN_EVENT.value: 1, RejectReason.NO_CUSTOMER.value: 1}
    orders = rows.filter(order_id="o1").select("event_id", "line", "type", "product_id")
    assert orders.rows() == [
        ("purchase:o1", 0, "purchase", "p1"),
        ("purchase:o1", 1, "purchase", "p2"),
        (f"refund:o1@{AT}", 0, "refund", "p2"),
    ]
    assert (summary.purchase_lines, summary.refund_lines, summary.other_events) == (2, 1, 1)


def test_events_keep_their_id_or_get_one_that_stays(take: Take) -> None:
    header = "event_id,event,customer_id,product_id,timestamp"
    lines = (header, f"e1,view,c1,p1,{AT}", f",view,c1,p1,{AT}", f",view,c1,p2,{AT}")
    _, rows = take(*lines)
    again, same = take(*lines)
    assert "e1" in rows["event_id"].to_list()
    assert rows["event_id"].n_unique() == 3
    assert (again.already_known, again.taken) == (3, 0)
    assert same.equals(rows)


def test_purchases_without_a_number_are_one_order_a_moment(take: Take) -> None:
    _, rows = take(
        "event,customer_id,product_id,timestamp",
        f"purchase,c1,p1,{AT}",
        f"purchase,c1,p2,{AT}",
        "purchase,c1,p1,2026-01-03T00:00:00Z",
    )
    assert rows["order_id"].to_list() == [f"c1@{AT}", f"c1@{AT}", "c1@2026-01-03T00:00:00Z"]


def purchase(**fields: object) -> dict[str, object]:
    items = [{"product_id": "p1", "quantity": 2, "unit_price": 3.0}, {"product_id": "p2"}]
    order = {"order_id": "o1", "currency": "EUR", "discount": 1.0, "items": items}
    return {"type": "purchase", "timestamp": AT, "customer_id": "c1", "order": order, **fields}


def test_json_lines_give_a_row_a_line_of_an_order(take: Take) -> None:
    view = {
        "type": "view",
        "product_id": "p1",
        "anonymous_id": "a1",
        "timestamp": AT,
        "context": {"device": "tv"},
    }
    summary, rows = take(purchase(event_id="e1"), view, name="events.jsonl")
    assert summary.format_reason == "its lines are JSON objects"
    assert (summary.rows, summary.taken, summary.purchase_lines, summary.other_events) == (2, 2, 2, 1)
    bought = rows.filter(order_id="o1")
    assert bought.select("event_id", "line", "product_id", "quantity").rows() == [
        ("e1", 0, "p1", 2),
        ("e1", 1, "p2", 1),
    ]
    assert bought["discount"].sum() == 1
    assert json.loads(rows.filter(type="view")["extra"].item()) == {"device": "tv"}


def test_bad_json_lines_are_set_aside_with_what_is_wrong(home: Home, take: Take) -> None:
    summary, _ = take(
        purchase(),
        '{"type": ',
        {"type": "view"},
        {"type": "dance"},
        purchase(timestamp="2026-01-05T00:00:00Z"),
        "[1]",
        name="events.jsonl",
    )
    assert summary.set_aside == {RejectReason.INVALID_EVENT.value: 4, RejectReason.REPEATED.value: 1}
    [rejects] = home.reports.iterdir()
    text = rejects.read_text()
    assert "`view` needs `product_id`" in text
    assert "not JSON" in text


def test_an_order_known_from_another_source_is_not_counted_again(take: Take) -> None:
    take(purchase(event_id="pixel-1"), name="events.jsonl")
    summary, rows = take("event,customer_id,product_id,order_id,timestamp", f"purchase,c1,p1,o1,{AT}")
    assert (summary.already_known, summary.taken) == (1, 0)
    assert rows["event_id"].unique().to_list() == ["pixel-1"]


@pytest.mark.parametrize(("product", "price"), [("p1", ""), ("", "2.5")])
def test_equal_refunds_of_two_days_both_count_and_the_same_one_once(
    take: Take, product: str, price: str
) -> None:
    header = "event,customer_id,product_id,quantity,unit_price,order_id,timestamp"
    take(header, f"purchase,c1,p1,3,8,o1,{AT}")
    monday, friday = (f"refund,c1,{product},1,{price},o1,2026-01-{day}T00:00:00Z" for day in ("05", "09"))
    take(header, monday)
    take(header, friday)
    summary, rows = take(header, monday, friday)
    assert (summary.taken, summary.already_known) == (0, 2)
    assert rows.filter(type="refund")["quantity"].to_list() == [1.0, 1.0]


IMPOSSIBLE = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00Z",
]


@pytest.mark.parametrize("time", IMPOSSIBLE)
def test_nothing_of_before_1990_enters_as_a_table(take: Take, time: str) -> None:
    summary, rows = take(
        "event,customer_id,product_id,order_id,timestamp",
        f"purchase,c1,p1,o1,{time}",
        f"purchase,c1,p1,o2,{AT}",
    )
    assert summary.set_aside == {RejectReason.TIME_OUT_OF_RANGE.value: 1}
    assert rows["order_id"].to_list() == ["o2"]


@pytest.mark.parametrize("time", IMPOSSIBLE)
def test_nothing_of_before_1990_enters_as_json_lines(home: Home, take: Take, time: str) -> None:
    summary, rows = take(purchase(timestamp=time), purchase(), name="events.jsonl")
    assert summary.set_aside == {RejectReason.INVALID_EVENT.value: 1}
    assert rows["timestamp"].dt.year().unique().to_list() == [2026]
    [rejects] = home.reports.iterdir()
    assert "before 1990" in rejects.read_text()


@pytest.mark.parametrize("unit_price", ["5", ""])
def test_a_file_of_the_shop_replaces_what_browsers_claimed(home: Home, take: Take, unit_price: str) -> None:
    """Whoever reads the public key in a page can guess the next order numbers."""
    forged = OrderItem("p1", quantity=100, unit_price=9_999)
    claims = [
        event("purchase", order=Order(number, (forged,)), anonymous_id="a-1", claimed=True)
        for number in ("next", "other")
    ]
    rows = [row for claim in claims for row in event_rows(claim, NOW)]
    history.write_rows(home, pl.DataFrame(rows, schema=history.schema()), NOW)
    lines = f"c1,s1,purchase,p1,1,{unit_price},next,{AT}", f"c1,s1,refund,p1,1,,next,{AT}"
    summary, rows_after = take(TABLE.format("event"), *lines)
    assert (summary.taken, summary.already_known) == (2, 0)
    kept = rows_after.filter(type="purchase").select("order_id", "customer_id", "quantity", "source")
    assert set(kept.rows()) == {("next", "c1", 1.0, "events"), ("other", None, 100.0, "claim")}
    assert take(TABLE.format("event"), *lines)[0].already_known == 2


@pytest.mark.parametrize("word", ["undefined", "Guest", "null"])
def test_nobody_in_a_table_of_events_is_no_customer(take: Take, word: str) -> None:
    header = TABLE.format("event")
    summary, rows = take(
        header,
        f"{word},{word},purchase,JUG,1,9,o-1,{AT}",
        f"{word},,view,JUG,,,,{AT}",
        f"eva,,view,JUG,,,,{AT}",
    )
    assert set(rows.select("type", "customer_id", "session_id").rows()) == {
        ("purchase", None, None),
        ("view", "eva", None),
    }
    assert summary.set_aside == {RejectReason.NO_CUSTOMER.value: 1}
