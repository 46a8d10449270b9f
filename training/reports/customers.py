"""A row for each customer: past orders, segment and tier, and predictions."""

import polars as pl

from features.insights.report import Column, Part, table
from recommender.customers.tiers import tier_status
from training.ledger.shop import Shop

PAST_COLUMNS = ("orders", "revenue", "last_order", "recency_days")
EXPECTED_COLUMNS = (
    "p_alive",
    "churn_risk",
    "expected_orders_90d",
    "predicted_365d",
    "predicted_low",
    "predicted_high",
)


def customers(shop: Shop, currency: str | None) -> Part:
    """Customers by revenue, the highest first."""
    customers = shop.customers.sort("revenue", "customer", descending=[True, False])
    if customers.is_empty():
        return Part(currency)
    tiers = [tier_status(shop.plan, revenue).name if shop.plan else None for revenue in customers["revenue"]]
    rows = customers.with_columns(
        customer_id="customer",
        last_order=pl.col("last").dt.strftime("%Y-%m-%d"),
        tier=pl.Series(tiers, dtype=pl.String),
        vip=pl.when("vip").then(pl.lit("VIP")),
    )
    columns = ["customer_id", "segment", *(["tier"] if shop.plan else []), "vip", "channel", *PAST_COLUMNS]
    columns += EXPECTED_COLUMNS if shop.forecast else ()
    shown: list[str | Column] = list(columns)
    return Part(currency, [], [table("customers", "Customers", shown, rows.select(columns).rows())])
