"""Order lines, net of what came back."""

from __future__ import annotations

import polars as pl


def net_of_refunds(log: pl.DataFrame) -> pl.DataFrame:
    """A row an order and product of what stayed bought, oldest first; `returned`: what came back of it.

    log: columns type, order, item, customer, timestamp, quantity and unit_price; of these all but type stay.
    """
    line = ["order", "item"]
    back = pl.col("type").is_in(["refund", "cancel"])
    returned = log.filter(back).group_by(line).agg(pl.col("quantity").sum().alias("returned"))
    undone = log.filter(back, pl.col("item").is_null(), pl.col("order").is_not_null()).select("order")
    return (
        _bought(log, line)
        .join(returned, on=line, how="left")
        .join(undone.unique(), on="order", how="anti")
        .with_columns(pl.col("quantity") - pl.col("returned").fill_null(0))
        .filter(pl.col("quantity") > 0)
        .sort("timestamp", *line)
    )


def _bought(log: pl.DataFrame, line: list[str]) -> pl.DataFrame:
    """A row for each order and product. Most lines are alone in theirs: only the others are grouped."""
    figures = ("customer", "timestamp", "quantity", "unit_price")
    lines = log.filter(pl.col("type") == "purchase", pl.col("item").is_not_null()).select(*line, *figures)
    quantity, price = pl.col("quantity"), pl.col("unit_price")
    worth = quantity * price
    alone = ~lines.select(line).is_duplicated()
    several = (
        lines.filter(~alone)
        .group_by(line)
        .agg(
            pl.col("customer").max(),
            pl.col("timestamp").min(),
            quantity.sum(),
            pl.when(price.count() > 0).then(worth.sum() / quantity.sum()).alias("unit_price"),
        )
    )
    return pl.concat([lines.filter(alone), several])
