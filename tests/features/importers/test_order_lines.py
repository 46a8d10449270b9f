"""What stands for nothing in tables of orders."""

import polars as pl
import pytest

from features.importers.order_lines import order_lines


@pytest.mark.parametrize("column", ["customer_id", "email", "phone"])
@pytest.mark.parametrize("word", ["guest", "Undefined", "N/A", "-", "0"])
def test_a_word_for_nobody_is_no_customer(column: str, word: str) -> None:
    sale = {"order_id": "3", "timestamp": "2026-04-02", "sku": "JUG", "quantity": "1", "unit_price": "9"}
    lines = order_lines(pl.DataFrame([sale | {column: word}]).with_row_index("row"))
    assert lines["customer_id"].to_list() == [None]
