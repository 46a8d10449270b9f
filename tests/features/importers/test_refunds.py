from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from features.home import Home
from features.importers.existing import read_existing
from features.importers.refunds import with_refunded_orders

from factories import NOW

Row = tuple[str, float, str | None, str, float, str | None]


def lines(*rows: Row) -> pl.DataFrame:
    """Rows of (type, day, customer, product, quantity, order)."""
    return pl.DataFrame(
        [
            {
                "type": kind,
                "timestamp": NOW + timedelta(days=day),
                "customer_id": customer,
                "product_id": product,
                "quantity": float(quantity),
                "order_id": order,
            }
            for kind, day, customer, product, quantity, order in rows
        ],
        infer_schema_length=None,
    ).with_row_index("row")


BUY_1 = ("purchase", 1, "c", "p", 6, "o1")
BUY_2 = ("purchase", 2, "c", "p", 2, "o2")


@pytest.mark.parametrize(
    ("rows", "joined"),
    [
        ([BUY_1, BUY_2, ("refund", 3, "c", "p", 1, None)], ["o2"]),
        ([BUY_1, BUY_2, ("refund", 3, "c", "p", 4, None)], ["o1"]),
        ([BUY_1, BUY_2, ("refund", 3, "c", "p", 9, None)], ["o2"]),
        ([BUY_2, ("refund", 3, "c", "p", 2, None), ("refund", 4, "c", "p", 1, None)], ["o2", None]),
        ([BUY_1, BUY_2, ("refund", 1.5, "c", "p", 2, None)], ["o1"]),
        ([BUY_1, ("refund", 0, "c", "p", 1, None)], [None]),
        ([BUY_1, ("refund", 3, "d", "p", 1, None)], [None]),
        ([BUY_1, ("refund", 3, None, "p", 1, None)], [None]),
        ([BUY_1, BUY_2, ("refund", 3, "c", "p", 2, "o2"), ("refund", 4, "c", "p", 1, None)], ["o2", "o1"]),
        ([BUY_1], []),
    ],
)
def test_a_refund_is_joined_to_the_latest_order_with_enough_left(
    tmp_path: Path, rows: list[Row], joined: list[str | None]
) -> None:
    existing = read_existing(Home(tmp_path / "none"))
    matched = with_refunded_orders(lines(*rows), existing)
    assert matched.filter(type="refund")["order_id"].to_list() == joined
    assert matched["row"].to_list() == list(range(len(rows)))
