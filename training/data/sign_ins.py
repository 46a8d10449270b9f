"""Whose a browser is."""

import polars as pl


def linked(log: pl.DataFrame) -> pl.DataFrame:
    """Assign a browser's lines to the customer who signed in with it last."""
    signed_in = log.filter(pl.col("type") == "identify", pl.col("browser").is_not_null()).sort("timestamp")
    if not len(signed_in):
        return log.with_columns(owner="customer")
    links = signed_in.group_by("browser").agg(pl.col("customer").last().alias("owner"))
    return log.join(links, on="browser", how="left").with_columns(pl.coalesce("customer", "owner"))
