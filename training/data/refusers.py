"""Who said no to profiling: models know them under no name, and learn nothing from their visits."""

import polars as pl

from features.events.consents import PROFILING


def refusers(rows: pl.LazyFrame) -> pl.Series:
    """Ids of the customers whose newest word is no. rows: of the history."""
    return _said_no(rows, "customer_id")


def of_refusers(rows: pl.LazyFrame, customers: pl.Series) -> pl.Expr:
    """Whether a row is of these customers, of a browser of theirs, or of one whose newest word is no."""
    is_theirs = pl.col("customer_id").is_in(customers.implode())
    seen_in = rows.filter(is_theirs).select(pl.col("anonymous_id").unique()).collect()["anonymous_id"]
    browsers = pl.concat([_said_no(rows, "anonymous_id"), seen_in]).drop_nulls().unique()
    return (is_theirs | pl.col("anonymous_id").is_in(browsers.implode())).fill_null(value=False)


def _said_no(rows: pl.LazyFrame, who: str) -> pl.Series:
    said = pl.col("extra").str.json_path_match(f"$.properties.{PROFILING}")
    words = (
        rows.filter(pl.col("type") == "consent", pl.col(who).is_not_null())
        .select("timestamp", who, said=said)
        .filter(pl.col("said").is_not_null())
        .sort("timestamp", maintain_order=True)
        .group_by(who)
        .agg(pl.col("said").last())
    )
    return words.filter(pl.col("said") == "false").collect()[who]
