"""Customers by segment and tier, and one by one: what they brought, and what is expected of them."""

from typing import Any

import polars as pl

from features.insights.report import Column, Figure, Part, Plot, Table, figure, table
from features.people.names import shown
from recommender.customers.tiers import TierPlan, tier_status
from recommender.value.segments import SEGMENTS
from training.ledger.shop import Shop
from training.ledger.sums import over, total

NEAR_NEXT_TIER = 0.8  # share of the way to the next tier from which a customer is near it
BANDS = ((0.1, "best 10 %"), (0.3, "next 20 %"), (0.6, "next 30 %"), (1.0, "others"))
PAST_COLUMNS = ("orders", "revenue", "last_order", "recency_days")
EXPECTED_COLUMNS = (
    "p_alive",
    "churn_risk",
    "expected_orders_90d",
    "predicted_365d",
    "predicted_low",
    "predicted_high",
)


def segments(shop: Shop, currency: str | None) -> Part:
    """Segments with their rules; tiers and predictions where there are any."""
    if shop.customers.is_empty():
        return Part(currency)
    tables = [_segments(shop)]
    tables += [_tiers(shop.customers, shop.plan)] if shop.plan and shop.plan.tiers else []
    tables += [_bands(shop.customers)] if shop.forecast else []
    return Part(currency, _figures(shop), tables)


def _figures(shop: Shop) -> list[Figure]:
    vips = shop.customers.filter(pl.col("vip"))
    share = over(total(vips["revenue"]), total(shop.customers["revenue"]))
    note = f"They brought {share:.0%} of the revenue of known customers" if share is not None else None
    figures = [figure("vips", len(vips), note), figure("days_between_orders", shop.rhythm.gap_days)]
    return [*figures, *_apart(shop.customers)] if shop.forecast else figures


def _apart(customers: pl.DataFrame) -> list[Figure]:
    """Customers who are forecast apart: how many, and what they brought and bring."""
    apart = customers.filter(pl.col("apart"))
    past, coming = (
        over(total(apart[name]), total(customers[name])) for name in ("revenue", "predicted_365d")
    )
    note = None
    if len(apart) and past is not None and coming is not None:
        note = (
            f"They brought {past:.0%} of the revenue of known customers; of the next 365 days, {coming:.0%}"
        )
    return [figure("wholesalers", len(apart), note), figure("wholesale_365d", total(apart["predicted_365d"]))]


def _segments(shop: Shop) -> Table:
    customers = shop.customers
    expected = [pl.col("predicted_365d").sum(), pl.col("churn_risk").mean()] if shop.forecast else []
    counts = customers.group_by("segment").agg(
        pl.len().alias("customers"), pl.col("revenue").sum(), pl.col("recency_days").median(), *expected
    )
    shares = counts.with_columns(
        customer_share=pl.col("customers") / pl.col("customers").sum(),
        revenue_share=_share("revenue"),
    )
    by_segment = {row["segment"]: row for row in shares.iter_rows(named=True)}
    empty: dict[str, Any] = {"customers": 0, "customer_share": 0.0, "revenue": 0.0, "revenue_share": 0.0}
    columns = ["segment", "customers", "customer_share", "revenue", "revenue_share", "recency_days"]
    columns += ["predicted_365d", "churn_risk"] if shop.forecast else []
    rows = []
    for segment in SEGMENTS:
        figures = (by_segment.get(segment.name, empty).get(name) for name in columns[1:])
        rows.append([segment.name, *figures, segment.meaning, segment.advice])
    return table("segments", "Segments", [*columns, "meaning", "advice"], rows, Plot("bars", "customers"))


def _share(name: str) -> pl.Expr:
    whole = pl.col(name).sum()
    return pl.when(whole != 0).then(pl.col(name) / whole)


def _tiers(customers: pl.DataFrame, plan: TierPlan) -> Table:
    statuses = [tier_status(plan, revenue) for revenue in customers["revenue"]]
    names = [None, *(tier.name for tier in plan.tiers)]
    rows = []
    for name in reversed(names):
        members = [status for status in statuses if status.name == name]
        near = sum(status.next is not None and status.progress >= NEAR_NEXT_TIER for status in members)
        threshold = next((tier.threshold for tier in plan.tiers if tier.name == name), 0.0)
        rows.append([name or "none yet", threshold, len(members), near])
    unit = Column("threshold", "From", "money" if plan.by == "spend" else "number")
    return table(
        "tiers", "Loyalty tiers", ["tier", unit, "customers", "near_next"], rows, Plot("bars", "customers")
    )


def _bands(customers: pl.DataFrame) -> Table:
    """Customers sorted by what is expected of them."""
    best = customers.sort("predicted_365d", "customer", descending=[True, False], nulls_last=True)
    rows, begin = [], 0
    whole = total(best["predicted_365d"])
    for share, name in BANDS:
        end = round(share * len(best))
        expected = total(best[begin:end]["predicted_365d"])
        rows.append([name, end - begin, expected, over(expected, whole)])
        begin = end
    columns: list[str | Column] = [
        "band",
        "customers",
        "predicted_365d",
        Column("expected_share", "Share of it", "share"),
    ]
    return table("bands", "Where the next 365 days come from", columns, rows, Plot("bars", "predicted_365d"))


def customers(shop: Shop, currency: str | None) -> Part:
    """Customers by revenue, the highest first."""
    customers = shop.customers.sort("revenue", "customer", descending=[True, False])
    if customers.is_empty():
        return Part(currency)
    tiers = [tier_status(shop.plan, revenue).name if shop.plan else None for revenue in customers["revenue"]]
    rows = customers.with_columns(
        customer_id=pl.col("customer").map_elements(shown, return_dtype=pl.String),
        email=pl.col("customer").replace_strict(shop.emails, default=None, return_dtype=pl.String),
        last_order=pl.col("last").dt.strftime("%Y-%m-%d"),
        tier=pl.Series(tiers, dtype=pl.String),
        vip=pl.when("vip").then(pl.lit("VIP")),
    )
    named = ["customer_id", "email"] if shop.emails else ["customer_id"]
    columns = [*named, "segment", *(["tier"] if shop.plan else []), "vip", "channel", *PAST_COLUMNS]
    columns += EXPECTED_COLUMNS if shop.forecast else ()
    headed: list[str | Column] = list(columns)
    return Part(currency, [], [table("customers", "Customers", headed, rows.select(columns).rows())])
