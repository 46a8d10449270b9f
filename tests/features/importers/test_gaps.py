"""What a file lacks is said once, in the words of whoever exported it."""

from typing import Any

import polars as pl
import pytest

from features.importers.gaps import gaps, nameless

ROW = {"row": 0, "sku": "MUG", "title": "Mug", "email": "ida@example.com"}
LINE = {
    "row": 0,
    "type": "purchase",
    "title": "Mug",
    "unit_price": 8.0,
    "currency": "EUR",
    "customer_id": "ida",
}


def said(row: dict[str, Any] | None = None, line: dict[str, Any] | None = None) -> str:
    rows = pl.DataFrame([ROW | (row or {})], schema_overrides={"sku": pl.String, "row": pl.UInt32})
    words = dict.fromkeys(("title", "currency", "customer_id"), pl.String())
    types: dict[str, Any] = {"unit_price": pl.Float64(), "row": pl.UInt32(), **words}
    return " ".join(gaps(nameless(rows), pl.DataFrame([LINE | (line or {})], schema_overrides=types)))


def test_a_whole_file_lacks_nothing() -> None:
    assert said() == ""


@pytest.mark.parametrize(
    ("row", "line", "gap"),
    [
        ({"sku": None}, {}, "1 of 1 lines have no SKU"),
        ({}, {"title": None}, "1 lines have no title"),
        ({}, {"unit_price": None}, "1 of 1 lines have no price"),
        ({}, {"currency": None}, "names no currency"),
        ({}, {"customer_id": None}, "No line names a customer"),
    ],
)
def test_what_is_lacking_is_said(row: dict[str, Any], line: dict[str, Any], gap: str) -> None:
    assert gap in said(row, line)


def test_events_without_purchases_lack_nothing() -> None:
    assert said(line={"type": "view", "title": None}) == ""
