"""Marketing costs on disk: one row per channel, currency and day."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from features.home import Home
from features.store.files import changing, replacing


def schema() -> dict[str, pl.DataType]:
    """date: the day, or the first day of a month's spending; currency: "" if unstated; spend: money."""
    return {"date": pl.Date(), "channel": pl.String(), "currency": pl.String(), "spend": pl.Float64()}


def load_costs(home: Home) -> pl.DataFrame:
    """All costs; no rows and the same columns before the first import."""
    path = _costs(home)
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=schema())


def merge_costs(home: Home, costs: pl.DataFrame) -> None:
    """Add costs; a new row replaces the old one of the same date, channel and currency."""
    columns = schema()
    new = costs.select(pl.col(name).cast(dtype) for name, dtype in columns.items())
    key = ["date", "channel", "currency"]
    with changing(_costs(home)):
        merged = pl.concat([load_costs(home).join(new, on=key, how="anti"), new]).sort(key)
        with replacing(_costs(home)) as fresh:
            merged.write_parquet(fresh)


def _costs(home: Home) -> Path:
    return home.catalog / "channel_costs.parquet"
