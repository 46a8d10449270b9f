"""Lines of totals at the end of a table."""

import polars as pl
import pytest

from features.importers.table import as_table
from features.importers.totals import totals

ROWS = "number;date;item;units;sum\n1;2025-01-31;Total Care Shampoo;1;5,00\n;;Suma 41 shirt;1;3,00\n"
KEYS = ("order_id", "timestamp")


def found(text: str) -> list[int]:
    table = as_table(text.encode(), "f")
    names = {"number": "order_id", "date": "timestamp"}
    cells = table.cells.select(pl.when(pl.col(old) != "").then(old).alias(new) for old, new in names.items())
    return totals(table, cells.with_row_index("row"), KEYS)["row"].to_list()


@pytest.mark.parametrize(
    "line",
    [
        "Summe;;;2;8,00",
        ";;Total:;2;8,00",
        "Grand Total;;;2;8",
        ";;;Razem;8,00",
        "TOTAAL;;;;8",
        "Total (2 items);;;;8",
    ],
)
def test_a_labelled_line_without_number_and_date_is_a_total(line: str) -> None:
    assert found(f"{ROWS}{line}\n") == [2]


@pytest.mark.parametrize("line", ["2;2025-02-01;Total;1;8,00", ";;Totally red shirt;1;8,00", "3;;Total;1;8"])
def test_products_named_like_one_are_none(line: str) -> None:
    assert found(f"{ROWS}{line}\n") == []


def test_only_the_end_of_a_table_has_totals() -> None:
    assert found(ROWS + "Total;;;;8\n" + "2;2025-02-01;Cup;1;5\n" * 30) == []
