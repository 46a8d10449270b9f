"""Order lines, net of what came back: products as pieces, money as money."""

from __future__ import annotations

import polars as pl

from features.events.vocabulary import is_fully_refunded

LINE = ["order", "item"]


def net_of_refunds(log: pl.DataFrame, off: pl.DataFrame) -> pl.DataFrame:
    """A row an order and product of what stayed bought, oldest first.

    log: columns type, order, item, customer, timestamp, quantity and unit_price; of these all but type stay.
    off: order and off, the share of its goods that a discount took off. `returned`: the pieces that came
    back; `left`: the share of the order's money that is left after refunds of a sum, 1 where there were none.
    A cancelled order is gone, and so is one whose refunds take back all of it or all that was paid.
    """
    back = log.filter(pl.col("type").is_in(["refund", "cancel"]), pl.col("order").is_not_null())
    named = pl.col("item").is_not_null()
    returned = back.filter(named).group_by(LINE).agg(pl.col("quantity").sum().alias("returned"))
    of_sum = (pl.col("type") == "refund") & pl.col("unit_price").is_not_null()
    undone = back.filter(~named, ~of_sum).select("order").unique()
    kept = (
        _bought(log)
        .join(returned, on=LINE, how="left")
        .join(undone, on="order", how="anti")
        .with_columns(pl.col("quantity") - pl.col("returned").fill_null(0))
        .filter(pl.col("quantity") > 0)
    )
    sums = back.filter(~named, of_sum).group_by("order").agg(_worth().sum().alias("given_back"))
    return _less_sums(kept, sums, off).sort("timestamp", *LINE)


def _worth() -> pl.Expr:
    return pl.col("quantity") * pl.col("unit_price")


def _less_sums(kept: pl.DataFrame, sums: pl.DataFrame, off: pl.DataFrame) -> pl.DataFrame:
    """Adds `left`. sums: order and given_back. Their lines without a price get their product's mean."""
    others = kept.join(sums, on="order", how="anti").with_columns(left=1.0)
    if len(others) == len(kept):
        return others
    usual = kept.group_by("item").agg(pl.col("unit_price").mean().alias("usual"))
    given_back, paid = pl.col("given_back"), pl.col("paid")
    lines = (
        kept.join(sums, on="order")
        .join(usual, on="item")
        .join(off, on="order", how="left")
        .with_columns(pl.coalesce("unit_price", "usual").alias("unit_price"))
        .with_columns(paid=(_worth() * (1 - pl.col("off").fill_null(0))).sum().over("order"))
        .filter((paid <= 0) | ~is_fully_refunded(given_back, paid))
        .with_columns(left=pl.when(paid > 0).then(1 - given_back / paid).otherwise(1.0))
    )
    return pl.concat([others, lines.select(others.columns)], how="vertical_relaxed")


def _bought(log: pl.DataFrame) -> pl.DataFrame:
    """A row for each order and product. Most lines are alone in theirs: only the others are grouped."""
    figures = ("customer", "timestamp", "quantity", "unit_price")
    lines = log.filter(pl.col("type") == "purchase", pl.col("item").is_not_null()).select(*LINE, *figures)
    quantity, price = pl.col("quantity"), pl.col("unit_price")
    alone = ~lines.select(LINE).is_duplicated()
    several = (
        lines.filter(~alone)
        .group_by(LINE)
        .agg(
            pl.col("customer").max(),
            pl.col("timestamp").min(),
            quantity.sum(),
            pl.when(price.count() > 0).then(_worth().sum() / quantity.sum()).alias("unit_price"),
        )
    )
    return pl.concat([lines.filter(alone), several])
