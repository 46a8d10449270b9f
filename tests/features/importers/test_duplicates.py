import polars as pl
import pytest

from features.importers.duplicates import duplicates
from features.importers.table import FileTable


def repeated(orders: str, *, lines_are_units: bool = True) -> list[int]:
    """Rows that repeat another. orders: a word a row, of the order's letter and the line's number."""
    words = orders.split()
    cells = pl.DataFrame({"order": [word[0] for word in words], "line": [word[1] for word in words]})
    lines = pl.int_range(2, len(words) + 2, dtype=pl.UInt32, eager=True)
    table = FileTable(cells, lines, pl.repeat(False, len(words), eager=True), "csv", "UTF-8")
    rows = cells.select(order_id="order").with_row_index("row")
    return duplicates(table, rows, lines_are_units=lines_are_units)["row"].sort().to_list()


@pytest.mark.parametrize(
    ("orders", "repeats"),
    [
        ("a1 a1 a1", []),
        ("a1 a2 a1", []),
        ("a1 a1 b1", []),
        ("a1 a2 b1 a1 a2 b1", [3, 4, 5]),
        ("a1 a1 b1 a1 a1 b1", [3, 4, 5]),
        ("a1 a1 b1 a1 a1 a1 b1", [3, 4, 6]),  # the second time there are three of them
        ("a1 a2 a1 a2", [2, 3]),
        ("a1 b1 a1", [2]),
        ("a1 b1 a2", []),
    ],
)
def test_equal_lines_are_units_and_orders_that_come_again_are_not(orders: str, repeats: list[int]) -> None:
    assert repeated(orders) == repeats


def test_where_equal_lines_are_mistakes_each_repeats_the_first() -> None:
    assert repeated("a1 a1 a1 b1", lines_are_units=False) == [1, 2]
