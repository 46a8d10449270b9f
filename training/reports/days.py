"""A shop's orders, customers and spending by day: `features.insights.days`."""

from datetime import date

import polars as pl

from features.insights.days import CurrencyDays, ShopDays, Sums
from training.ledger.ledger import Ledger
from training.ledger.shop import Shop
from training.reports.channels import contribution, costs_in, is_won

DAY = pl.col("timestamp").dt.date().alias("day")


def days_of(shop: Shop, notes: list[str]) -> ShopDays:
    """A part for each currency, as in the other reports. notes: caveats for the reader."""
    parts = [_part(shop.of(currency), currency) for currency in shop.ledger.currencies]
    return ShopDays(shop.as_of, shop.whole, parts, notes, shop.agreed)


def _part(shop: Shop, currency: str | None) -> CurrencyDays:
    costs = costs_in(shop, currency)
    tables = [_orders(shop.ledger), _gross(shop.ledger), _units(shop.ledger), _spend(costs, shop.as_of)]
    tables.append(_won(shop, costs))
    first = min(day for each in tables if len(each) for day in each["day"])
    every = pl.DataFrame({"day": pl.date_range(first, shop.as_of, eager=True)})
    for each in tables:
        every = every.join(each, on="day", how="left")
    rows = every.select(pl.col(name).fill_null(0) for name in Sums.__struct_fields__).iter_rows()
    days = [Sums(*row) for row in rows]
    return CurrencyDays(currency, first, days, contribution(shop), shop.forecast, len(costs) > 0)


def _orders(ledger: Ledger) -> pl.DataFrame:
    owned = pl.col("customer").is_not_null()
    # `number` counts a customer's orders of all currencies, this one those in the ledger's.
    own_number = pl.when(owned).then(pl.int_range(1, pl.len() + 1).over("customer"))
    orders = ledger.orders.with_columns(own_number=own_number)
    revenue = pl.col("revenue")
    return orders.group_by(DAY).agg(
        revenue.sum(),
        pl.len().alias("orders"),
        pl.col("costed", "margin").sum(),
        revenue.filter(owned).sum().alias("owned"),
        revenue.filter(owned & (pl.col("number") > 1)).sum().alias("again"),
        (pl.col("own_number") == 1).sum().alias("customers"),
        (pl.col("own_number") == 2).sum().alias("repeaters"),
        (pl.col("number") == 1).sum().alias("new_customers"),
        (pl.col("products") > 1).sum().alias("several"),
        pl.col("discounted").sum(),
        (~owned).sum().alias("guests"),
    )


def _gross(ledger: Ledger) -> pl.DataFrame:
    return ledger.gross.group_by("day").agg(pl.col("gross").sum())


def _units(ledger: Ledger) -> pl.DataFrame:
    lines = ledger.lines.select("order", "quantity").join(ledger.orders.select("order", DAY), on="order")
    return lines.group_by("day").agg(units=pl.col("quantity").sum())


def _spend(costs: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """What stands at the first of a month alone is the month's, and spread over its days so far."""
    month = pl.col("date").dt.truncate("1mo")
    alone = (pl.col("date") == month) & (pl.len().over("channel", "currency", month) == 1)
    last = pl.when(alone).then(pl.min_horizontal(pl.col("date").dt.month_end(), pl.lit(as_of)))
    days = pl.date_ranges("date", last.otherwise("date"))
    spread = costs.select(day=days, spend=pl.col("spend") / days.list.len()).explode("day")
    return spread.group_by("day").agg(pl.col("spend").sum())


def _won(shop: Shop, costs: pl.DataFrame) -> pl.DataFrame:
    coming = pl.col("predicted_365d") if shop.forecast else pl.lit(0.0)
    won = shop.customers.filter(is_won(costs)).select("revenue", day=pl.col("first").dt.date(), coming=coming)
    return won.group_by("day").agg(
        pl.len().alias("won_customers"), pl.col("revenue").sum().alias("won"), pl.col("coming").sum()
    )
