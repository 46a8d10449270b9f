"""Customers who said no to profiling: models know them under no name."""

import polars as pl

from features.events.consents import PROFILING


def refusers(rows: pl.LazyFrame) -> pl.Series:
    """Ids of the customers whose newest word is no. rows: of the history."""
    said = pl.col("extra").str.json_path_match(f"$.properties.{PROFILING}")
    words = (
        rows.filter(pl.col("type") == "consent", pl.col("customer_id").is_not_null())
        .select("timestamp", "customer_id", said=said)
        .filter(pl.col("said").is_not_null())
        .sort("timestamp", maintain_order=True)
        .group_by("customer_id")
        .agg(pl.col("said").last())
    )
    return words.filter(pl.col("said") == "false").collect()["customer_id"]
