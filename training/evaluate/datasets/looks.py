"""Data sets of visits: every view is predicted from the views before it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from features.live.shopper_state import ShopperState
from recommender.context.request import Request
from training.data.history import NO_ID
from training.errors import BadDataset
from training.evaluate.datasets.parquet import columns_of, readable
from training.measure.compare import Case

LOOK_COLUMNS = {"SessionId", "ItemId", "Time", "split"}


def read_looks(dataset: Path) -> pl.DataFrame:
    """session_id, product_id (text), timestamp (epoch s), customer_id (null) and split; oldest view first,
    visit by visit."""
    file = dataset / "sessions.parquet" if dataset.is_dir() else dataset
    if missing := LOOK_COLUMNS - columns_of(file):
        raise BadDataset(f"{file} lacks the column {', '.join(sorted(missing))}")
    looks = (
        pl.scan_parquet(file)
        .sort("SessionId", "Time", maintain_order=True)
        .select(
            pl.col("SessionId").cast(pl.String).alias("session_id"),
            pl.col("ItemId").cast(pl.String).alias("product_id"),
            pl.col("Time").cast(pl.Int64).alias("timestamp"),
            NO_ID.alias("customer_id"),
            "split",
        )
    )
    with readable(file):
        return looks.collect()


def as_views(looks: pl.DataFrame) -> pl.DataFrame:
    """The lines that `history_of` reads."""
    return looks.select("timestamp", "customer_id", "session_id", "product_id", type=pl.lit("view"))


def view_cases(looks: pl.DataFrame, product_ids: Sequence[str]) -> Iterator[Case]:
    """A case for each view but a visit's last: the request on that product's page, and the next product.
    The cases of a visit have one owner."""
    rows = {name: row for row, name in enumerate(product_ids)}
    for owner, (_, visit) in enumerate(looks.group_by("session_id", maintain_order=True)):
        products = visit["product_id"].to_list()
        times, customers = visit["timestamp"].to_list(), visit["customer_id"].to_list()
        for position in range(1, len(products)):
            viewed = tuple(dict.fromkeys(reversed(products[:position])))
            request = Request(
                "home",
                now=times[position - 1],
                shopper=ShopperState(viewed=viewed),
                customer_id=customers[position - 1],
                product_id=viewed[0],
                in_stock=False,
            )
            yield Case(request, np.array([rows[products[position]]], np.int32), owner)
