"""What other currencies are worth in the shop's own, day by day."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from features.home import Home
from features.store.files import changing, replacing


def schema() -> dict[str, pl.DataType]:
    """rate: units of the shop's usual currency for one of `currency`, from that day to the next known one."""
    return {"date": pl.Date(), "currency": pl.String(), "rate": pl.Float64()}


def load_rates(home: Home) -> pl.DataFrame:
    """All rates; no rows and the same columns before the first import."""
    path = _rates(home)
    return pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=schema())


def merge_rates(home: Home, rates: pl.DataFrame) -> None:
    """Add rates; a new one replaces the old one of the same day and currency."""
    new = rates.select(pl.col(name).cast(dtype) for name, dtype in schema().items())
    key = ["date", "currency"]
    with changing(_rates(home)):
        merged = pl.concat([load_rates(home).join(new, on=key, how="anti"), new]).sort(key)
        with replacing(_rates(home)) as fresh:
            merged.write_parquet(fresh)


def _rates(home: Home) -> Path:
    return home.catalog / "currency_rates.parquet"
