"""Magento's order items: parts of configured products beside orders that do not count."""

import pytest

from features.importers.platforms.magento import MAGENTO
from features.importers.reasons import RejectReason
from features.importers.table import FileTable, as_table

HEADER = "increment_id,created_at,customer_email,status,sku,qty_ordered,price,parent_item_id"


def table(*rows: str) -> FileTable:
    lines = (f"{number},2026-04-02 09:00:00,lea@example.org,{cells}" for number, cells in enumerate(rows, 1))
    return as_table("\n".join([HEADER, *lines, ""]).encode(), "order_items.csv")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("complete,JUG,1,30,", None),
        ("complete,JUG-S,1,0,11", RejectReason.PART_OF_LINE),
        ("canceled,JUG,1,30,", RejectReason.VOID),
        ("pending_payment,JUG,1,30,", RejectReason.UNPAID),
        ("complete,JUG,1,cheap,", RejectReason.BAD_PRICE),
    ],
)
def test_a_row_counts_unless_something_says_otherwise(cells: str, reason: RejectReason | None) -> None:
    lines = MAGENTO.read(MAGENTO.rows(table("complete,LID,1,5,", cells)))
    assert lines.filter(type="purchase", order_id="2")["reason"].to_list() == [reason]
