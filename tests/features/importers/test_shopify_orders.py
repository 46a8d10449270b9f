from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from histories import archive

from features.history import events_parquet as history
from features.home import Home
from features.importers.orders import import_orders
from features.importers.summary import OrdersSummary
from features.people.names import people_key

from factories import NOW, event

HEADER = (
    "Name,Email,Created at,Currency,Total,Discount Code,Discount Amount,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem SKU,Cancelled At,Refunded amount,Shipping Country"
)


def first(
    name: str, sku: str = "A", cancelled: str = "", refunded: str = "0.00", email: str = "Anna@Example.com "
) -> str:
    at = "2011-11-01 08:16:00 +0000"
    return f"{name},{email},{at},EUR,30.00,HELLO,5.00,2,Cup,10.00,{sku},{cancelled},{refunded},DE"


def further(name: str, sku: str) -> str:
    return f"{name},,,,,,,1,Plate,10.00,{sku},,,"


Take = Callable[..., tuple[OrdersSummary, pl.DataFrame]]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(*rows: str) -> tuple[OrdersSummary, pl.DataFrame]:
        path = tmp_path / "orders.csv"
        path.write_text("\n".join([HEADER, *rows, ""]))
        summary = import_orders(home, path, received_at=NOW)
        return summary, history.scan(home).sort("event_id", "line").collect()

    return run


def test_order_cells_are_filled_forward_and_emails_are_hashed(home: Home, take: Take) -> None:
    summary, rows = take(first("#1001"), further("#1001", "B"))
    assert summary.format == "shopify"
    assert rows["order_id"].to_list() == ["1001", "1001"]
    assert rows["customer_id"].to_list() == [people_key(home).email("anna@example.com")] * 2
    assert rows["currency"].to_list() == ["EUR", "EUR"]
    assert rows["coupon"].to_list() == ["HELLO", "HELLO"]
    assert rows["discount"].sum() == 5
    assert rows["product_id"].to_list() == ["A", "B"]
    assert rows["timestamp"].n_unique() == 1


def test_guests_have_no_customer(take: Take) -> None:
    summary, rows = take(first("#1", email=""), further("#1", "B"))
    assert rows["customer_id"].null_count() == 2
    assert summary.guest_lines == 2


@pytest.mark.parametrize(
    ("cancelled", "refunded", "lines"),
    [
        ("2011-11-03 10:00:00 +0000", "0.00", [("A", 2, 10.0), ("B", 1, 10.0)]),
        ("", "30.00", [("A", 2, 10.0), ("B", 1, 10.0)]),
        ("", "4.50", [(None, 1, 4.5)]),
        ("", "0.00", []),
    ],
)
def test_cancellations_and_refunds(
    take: Take, cancelled: str, refunded: str, lines: list[tuple[str | None, float, float]]
) -> None:
    summary, rows = take(first("#1", cancelled=cancelled, refunded=refunded), further("#1", "B"))
    refunds = rows.filter(type="refund")
    assert refunds.select("product_id", "quantity", "unit_price").rows() == lines
    assert refunds["order_id"].to_list() == ["1"] * len(lines)
    assert (summary.taken, summary.rows, summary.refund_lines) == (2, 2, len(lines))


def test_an_order_cancelled_after_its_first_import_is_refunded_by_the_next(take: Take) -> None:
    take(first("#1"))
    summary, rows = take(first("#1", cancelled="2011-11-03 10:00:00 +0000"))
    assert (summary.taken, summary.already_known, summary.purchase_lines) == (1, 0, 0)
    assert rows["type"].to_list() == ["purchase", "refund"]
    assert rows.filter(pl.col("type") == "refund")["timestamp"].item().day == 3


def test_a_refund_that_grows_from_one_export_to_the_next_ends_at_the_last_sum(take: Take) -> None:
    for refunded, taken in [("4.50", 1), ("10.00", 1), ("10.00", 0), ("4.50", 1), ("0.00", 1), ("0.00", 0)]:
        summary, rows = take(first("#1", refunded=refunded))
        assert rows.filter(type="refund")["unit_price"].to_list() == [float(refunded)]
        assert (summary.taken, summary.already_known) == (taken, 1 - taken)
    _, rows = take(first("#1", refunded="30.00"))
    assert rows.filter(type="refund", product_id="A")["quantity"].to_list() == [2.0]


def test_a_refund_received_live_before_is_subtracted_from_the_total(home: Home, take: Take) -> None:
    take(first("#1"))
    refund = event("refund", order_id="1", items=[("A", 1)])
    archive(home, [refund])
    summary, rows = take(first("#1", refunded="13.00"))
    assert (summary.taken, rows.filter(type="refund")["unit_price"].drop_nulls().to_list()) == (1, [3.0])


def test_a_line_without_sku_is_known_by_its_title(take: Take) -> None:
    summary, rows = take(first("#1"), further("#1", ""))
    assert (summary.taken, sum(summary.set_aside.values())) == (2, 0)
    assert rows["product_id"].to_list() == ["A", "Plate"]
