"""The history on disk: one row a line of an event, parquet, deduplicated by event id and line."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from features.home import Home

if TYPE_CHECKING:
    import polars as pl


def schema() -> dict[str, pl.DataType]:
    """Columns of the history. Times are UTC microseconds; money is in `currency`, per unit.

    A purchase or refund has a row for each of its lines; any other event has one row. `quantity` is
    positive throughout: `type` says which way the goods went. A refund's `order_id` is the order it
    takes back, where that is known, and `refund_id` its own number.
    """
    import polars as pl

    text, number, time = pl.String(), pl.Float64(), pl.Datetime("us", "UTC")
    return {
        "event_id": text,
        "line": pl.Int32(),
        "type": text,
        "timestamp": time,
        "received_at": time,
        "customer_id": text,
        "anonymous_id": text,
        "session_id": text,
        "product_id": text,
        "quantity": number,
        "unit_price": number,
        "currency": text,
        "order_id": text,
        "refund_id": text,
        "discount": number,
        "coupon": text,
        "recommendation_id": text,
        "country": text,
        "utm_source": text,
        "source": text,
        "extra": text,  # JSON of what has no column: query, language, device, properties
    }


def write_rows(home: Home, rows: pl.DataFrame, received_at: datetime, name: str | None = None) -> Path:
    """Add rows as one new file of that day, whole or not at all; returns its path.

    `name` makes a repeated write replace the first (the archiver's retries).
    """
    import polars as pl

    folder = home.events / f"{received_at:%Y-%m-%d}"
    folder.mkdir(exist_ok=True)
    target = folder / f"{name or uuid4().hex}.parquet"
    partial = target.with_suffix(".partial")
    rows.select(pl.col(column).cast(dtype) for column, dtype in schema().items()).write_parquet(partial)
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(target)
    return target


def scan(home: Home) -> pl.LazyFrame:
    """All rows in no particular order: each event line once, and each order once.

    The same order may have come from a pixel, a webhook and a file under different event ids; the
    event that arrived first stands. An empty history has no rows and the same columns.
    """
    import polars as pl

    number = pl.when(pl.col("type") == "purchase").then("order_id").otherwise("refund_id")
    first = pl.col("event_id").sort_by("received_at", "event_id").first().over("type", number)
    return (
        arrived(home)
        .unique(["event_id", "line"], keep="any")
        .filter(number.is_null() | (pl.col("event_id") == first))
    )


def arrived(home: Home) -> pl.LazyFrame:
    """As `scan`, with repeats, at a tenth of the cost: for what repeats cannot change."""
    import polars as pl

    if not any(home.events.glob("*/*.parquet")):
        return pl.LazyFrame(schema=schema())
    return pl.scan_parquet(home.events / "*" / "*.parquet")
