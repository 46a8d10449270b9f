"""Parquet files that people hand over."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from training.errors import BadDataset


def columns_of(file: Path) -> set[str]:
    """Names of its columns. Raises BadDataset where it is missing, cannot be read or holds no row."""
    if not file.is_file():
        raise BadDataset(f"there is no {file}")
    try:
        table = pl.scan_parquet(file)
        columns = set(table.collect_schema().names())
        empty = table.head(1).collect().is_empty()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadDataset(f"{file} cannot be read as a parquet file: {error}") from error
    if empty:
        raise BadDataset(f"{file} is empty: it has no row")
    return columns
