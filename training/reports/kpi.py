"""The shop in a dozen figures, and month by month."""

from datetime import timedelta

import polars as pl

from features.insights.report import Figure, Part, Plot, Table, figure, table
from training.ledger.ledger import Ledger
from training.ledger.segments import days_between
from training.ledger.shop import Shop
from training.ledger.sums import over, total
from training.ledger.touches import until

NOBODY_RETURNED = "Nobody has ordered twice yet"
NO_FORECAST = "A forecast needs two customers with orders, in the currency of most"
FREQUENCY_DAYS = 365


def kpi(shop: Shop, currency: str | None) -> Part:
    """The figures of everything so far."""
    return Part(currency, _figures(shop), [by_month(shop.ledger)] if len(shop.ledger.orders) else [])


def _figures(shop: Shop) -> list[Figure]:
    ledger, customers = shop.ledger, shop.customers
    orders = ledger.orders
    gap, n = days_between(ledger), len(customers)
    revenue, gross = total(orders["revenue"]), total(ledger.gross["gross"])
    expected = customers["predicted_365d"].mean() if shop.forecast else None
    return [
        figure("customers", n),
        figure("orders", len(orders)),
        figure("revenue", revenue),
        figure("aov", over(revenue, len(orders))),
        figure("ltv", over(customers["revenue"].sum(), n)),
        figure("ltv_predicted_365d", expected, None if shop.forecast else NO_FORECAST),  # type: ignore[arg-type]
        figure("repeat_rate", over((customers["orders"] > 1).sum(), n)),
        figure("returning_share", returning_share(orders)),
        figure("purchase_frequency", _frequency(ledger)),
        figure("days_between_orders", gap, None if gap else NOBODY_RETURNED),
        figure("attach_rate", over((orders["products"] > 1).sum(), len(orders))),
        figure("discounted_share", over(orders["discounted"].sum(), len(orders))),
        figure("refunded_share", over(gross - revenue, gross)),
        figure("guest_share", over(orders["customer"].null_count(), len(orders))),
    ]


def returning_share(orders: pl.DataFrame) -> float | None:
    """Share of known customers' revenue that comes from orders after their first."""
    owned = orders.filter(pl.col("customer").is_not_null())
    return over(owned.filter(pl.col("number") > 1)["revenue"].sum(), owned["revenue"].sum())


def _frequency(ledger: Ledger) -> float | None:
    since = until(ledger.as_of) - timedelta(days=FREQUENCY_DAYS)
    year = ledger.orders.filter(pl.col("customer").is_not_null(), pl.col("timestamp") >= since)
    return over(len(year), year["customer"].n_unique())


def by_month(ledger: Ledger) -> Table:
    """Orders, revenue and new customers of each calendar month with an order."""
    owned = pl.col("customer").is_not_null()
    again = owned & (pl.col("number") > 1)
    months = (
        ledger.orders.group_by(pl.col("timestamp").dt.strftime("%Y-%m").alias("month"))
        .agg(
            pl.len().alias("orders"),
            pl.col("revenue").sum(),
            pl.col("revenue").mean().alias("aov"),
            (pl.col("number") == 1).sum().alias("new_customers"),
            pl.col("revenue").filter(again).sum().alias("again"),
            pl.col("revenue").filter(owned).sum().alias("owned"),
        )
        .with_columns(returning_share=pl.when(pl.col("owned") > 0).then(pl.col("again") / pl.col("owned")))
        .sort("month")
    )
    columns = ("month", "revenue", "orders", "aov", "new_customers", "returning_share")
    return table(
        "by_month", "Month by month", columns, months.select(columns).rows(), Plot("line", "revenue")
    )
