"""Orders in several currencies: what has a rate counts in the shop's usual one, the rest stands beside."""

import polars as pl

from features.catalogue.currency_rates import load_rates
from features.home import Home

MONEY = ("unit_price", "discount")


def usual_currency(rows: pl.LazyFrame) -> str | None:
    """That of most orders; None where no order names one. rows: of the history."""
    bought = rows.filter(pl.col("type") == "purchase", pl.col("currency").is_not_null())
    orders = bought.group_by("currency").agg(pl.col("order_id").n_unique()).collect(engine="streaming")
    named = orders.sort("order_id", "currency", descending=[True, False])["currency"]
    return str(named[0]) if len(named) else None


def in_usual_currency(rows: pl.LazyFrame, home: Home) -> pl.LazyFrame:
    """The history's rows, money of orders and of their refunds converted where a rate is known.

    The rate is the newest one on the day of the order, else the first after it.
    """
    rates = load_rates(home)
    if rates.is_empty():
        return rows
    usual = usual_currency(rows)
    converted = _order_rates(rows, rates.filter(pl.col("currency") != usual))
    if converted.is_empty():
        return rows
    rate = pl.col("\0rate")
    joined = rows.join(converted.lazy(), on="order_id", how="left", maintain_order="left")
    money = [(pl.col(name) * rate.fill_null(1.0)).alias(name) for name in MONEY]
    currency = pl.when(rate.is_not_null(), pl.col("currency").is_not_null()).then(pl.lit(usual))
    return joined.with_columns(*money, currency=currency.otherwise("currency")).drop("\0rate")


def foreign_orders(rows: pl.LazyFrame) -> pl.Series:
    """Ids of the orders in other currencies than the usual one. rows: of `in_usual_currency`."""
    bought = rows.filter(pl.col("type") == "purchase", pl.col("currency").is_not_null())
    if bought.select(pl.col("currency").n_unique()).collect(engine="streaming").item() < 2:
        return pl.Series("order_id", [], pl.String)
    others = bought.filter(pl.col("currency") != usual_currency(rows))
    return others.select(pl.col("order_id").unique()).collect(engine="streaming")["order_id"].drop_nulls()


def _order_rates(rows: pl.LazyFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """order_id and the rate of each order in a currency with a rate."""
    rated = rates["currency"].unique().implode()
    bought = rows.filter(pl.col("type") == "purchase", pl.col("currency").is_in(rated))
    orders = bought.group_by("order_id", "currency").agg(date=pl.col("timestamp").min().dt.date()).collect()
    sorted_rates, orders = rates.sort("date"), orders.sort("date")
    before = orders.join_asof(sorted_rates, on="date", by="currency", check_sortedness=False)
    after = orders.join_asof(
        sorted_rates, on="date", by="currency", strategy="forward", check_sortedness=False
    )
    rate = before["rate"].fill_null(after["rate"])
    named = orders.select("order_id").with_columns(rate.alias("\0rate")).drop_nulls()
    return named.unique("order_id")
