"""Order lines net of refunds: returned pieces off the quantity, refunded sums off the price."""

import polars as pl

from features.events.vocabulary import is_fully_refunded

LINE = ["order", "item"]


def net_of_refunds(log: pl.DataFrame, discount_shares: pl.DataFrame) -> pl.DataFrame:
    """A row for each order and product that was not fully returned, oldest first.

    log: columns type, order, item, customer, timestamp, quantity and unit_price; the result has all but type.
    discount_shares: order and off, the share of its goods that a discount took off. Adds `returned`, the
    pieces that came back, and `left`, the share of the order's money that is left after refunds of a sum (1
    without any). Cancelled orders and orders refunded in full are left out.
    """
    returns = log.filter(pl.col("type").is_in(["refund", "cancel"]), pl.col("order").is_not_null())
    named = pl.col("item").is_not_null()
    returned = returns.filter(named).group_by(LINE).agg(pl.col("quantity").sum().alias("returned"))
    of_sum = (pl.col("type") == "refund") & pl.col("unit_price").is_not_null()
    cancelled = returns.filter(~named, ~of_sum).select("order").unique()
    kept = (
        _bought(log)
        .join(returned, on=LINE, how="left")
        .join(cancelled, on="order", how="anti")
        .with_columns(pl.col("quantity") - pl.col("returned").fill_null(0))
        .filter(pl.col("quantity") > 0)
    )
    sums = returns.filter(~named, of_sum).group_by("order").agg(_amount().sum().alias("given_back"))
    return _less_sums(kept, sums, discount_shares).sort("timestamp", *LINE)


def _amount() -> pl.Expr:
    return pl.col("quantity") * pl.col("unit_price")


def _less_sums(kept: pl.DataFrame, sums: pl.DataFrame, discount_shares: pl.DataFrame) -> pl.DataFrame:
    """Adds `left`. sums: order and given_back. Lines of these orders without a price get their product's
    mean price."""
    untouched = kept.join(sums, on="order", how="anti").with_columns(left=1.0)
    if len(untouched) == len(kept):
        return untouched
    mean_price = kept.group_by("item").agg(pl.col("unit_price").mean().alias("usual"))
    given_back, paid = pl.col("given_back"), pl.col("paid")
    lines = (
        kept.join(sums, on="order")
        .join(mean_price, on="item")
        .join(discount_shares, on="order", how="left")
        .with_columns(pl.coalesce("unit_price", "usual").alias("unit_price"))
        .with_columns(paid=(_amount() * (1 - pl.col("off").fill_null(0))).sum().over("order"))
        .filter((paid <= 0) | ~is_fully_refunded(given_back, paid))
        .with_columns(left=pl.when(paid > 0).then(1 - given_back / paid).otherwise(1.0))
    )
    return pl.concat([untouched, lines.select(untouched.columns)], how="vertical_relaxed")


def _bought(log: pl.DataFrame) -> pl.DataFrame:
    """A row for each order and product. Only repeated ones are grouped, as they are few."""
    figures = ("customer", "timestamp", "quantity", "unit_price")
    lines = log.filter(pl.col("type") == "purchase", pl.col("item").is_not_null()).select(*LINE, *figures)
    quantity, price = pl.col("quantity"), pl.col("unit_price")
    is_single = ~lines.select(LINE).is_duplicated()
    merged = (
        lines.filter(~is_single)
        .group_by(LINE)
        .agg(
            pl.col("customer").max(),
            pl.col("timestamp").min(),
            quantity.sum(),
            pl.when(price.count() > 0).then(_amount().sum() / quantity.sum()).alias("unit_price"),
        )
    )
    return pl.concat([lines.filter(is_single), merged])
