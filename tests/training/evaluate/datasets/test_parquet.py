"""Files that are not what they should be are named, with what is wrong."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from training.errors import BadDataset
from training.evaluate.datasets.baskets import read_baskets
from training.evaluate.datasets.cart_cases import read_carts
from training.evaluate.datasets.looks import read_looks
from training.evaluate.datasets.parquet import columns_of

ORDERS = {"customer_id": "ann", "event": "purchase", "order_id": "o", "product_id": "p", "timestamp": "May"}
LOOKS = {"SessionId": 1, "ItemId": 2, "Time": "noon", "split": "train"}


def written(folder: Path, name: str, table: pl.DataFrame) -> Path:
    table.write_parquet(folder / name)
    return folder / name


def test_columns_of_a_table(tmp_path: Path) -> None:
    assert columns_of(written(tmp_path, "a.parquet", pl.DataFrame({"a": [1], "b": [2]}))) == {"a", "b"}


def test_missing_empty_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="there is no"):
        columns_of(tmp_path / "a.parquet")
    with pytest.raises(BadDataset, match="is empty"):
        columns_of(written(tmp_path, "a.parquet", pl.DataFrame({"a": []})))
    (tmp_path / "a.parquet").write_text("customer,product\n")
    with pytest.raises(BadDataset, match="cannot be read"):
        columns_of(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "row", "read"),
    [
        ("events.parquet", ORDERS, lambda folder: read_baskets(folder, 1)),
        ("events.parquet", ORDERS, read_carts),
        ("sessions.parquet", LOOKS, read_looks),
    ],
)
def test_text_where_a_time_should_be(
    tmp_path: Path, name: str, row: dict[str, object], read: Callable[[Path], object]
) -> None:
    written(tmp_path, name, pl.DataFrame([row]))
    with pytest.raises(BadDataset, match="types of its columns"):
        read(tmp_path)
