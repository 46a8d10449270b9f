"""Whose a browser is, and which of its views belong together."""

import polars as pl


def linked(log: pl.DataFrame) -> pl.DataFrame:
    """Assign a browser's lines to the customer who signed in with it last."""
    signed_in = log.filter(pl.col("type") == "identify", pl.col("browser").is_not_null()).sort("timestamp")
    if not len(signed_in):
        return log.with_columns(owner="customer")
    links = signed_in.group_by("browser").agg(pl.col("customer").last().alias("owner"))
    return log.join(links, on="browser", how="left").with_columns(pl.coalesce("customer", "owner"))


def session_ids(is_visit: pl.Expr, *, sent: bool) -> pl.Expr:
    """Session ids of views. Where the shop sends none: one a day for each customer or browser."""
    day = pl.col("timestamp").dt.date().cast(pl.String)
    own = pl.concat_str(pl.coalesce("customer_id", "anonymous_id"), pl.lit(" "), day)
    return pl.when(is_visit).then(pl.col("session_id") if sent else pl.coalesce("session_id", own))
