"""Each customer's segment, by the recommender's own rules."""

from __future__ import annotations

import polars as pl

from features.time_units import DAY_S
from recommender.value.segments import Rhythm, is_vip, segment_of
from training.ledger.ledger import Ledger
from training.ledger.touches import until

GAP_DAYS = 60.0  # between two orders, of a shop in which nobody came back yet


def rhythm_of(ledger: Ledger, without: float) -> Rhythm:
    """What is usual in this shop. without: the days between orders where nobody has come back."""
    customers = ledger.customers
    if customers.is_empty():
        return Rhythm(without, 0.0, 0.0)
    revenue = customers["revenue"]
    fifth, twentieth = (float(revenue.quantile(share, "higher") or 0.0) for share in (0.8, 0.95))
    return Rhythm(days_between(ledger) or without, fifth, twentieth)


def days_between(ledger: Ledger) -> float | None:
    """Median days from an order to the same customer's next; None where nobody came back."""
    orders = ledger.orders.filter(pl.col("customer").is_not_null()).sort("customer", "timestamp")
    gaps = orders.select(pl.col("timestamp").diff().dt.total_seconds() / DAY_S).to_series()
    median = gaps.filter(orders["customer"] == orders["customer"].shift()).median()
    return float(median) if isinstance(median, float) else None


def standings(ledger: Ledger, rhythm: Rhythm) -> pl.DataFrame:
    """`Ledger.customers` with recency_days, span_days, segment and vip."""
    end = pl.lit(until(ledger.as_of))
    people = ledger.customers.with_columns(
        recency_days=(end - pl.col("last")).dt.total_seconds() / DAY_S,
        span_days=(pl.col("last") - pl.col("first")).dt.total_seconds() / DAY_S,
    )
    names = ("orders", "revenue", "span_days", "recency_days")
    facts: list[tuple[int, float, float, float]] = people.select(names).rows()
    segments = [
        segment_of(orders, revenue, span, recency, rhythm) for orders, revenue, span, recency in facts
    ]
    return people.with_columns(
        segment=pl.Series([segment.name if segment else None for segment in segments], dtype=pl.String),
        vip=pl.Series([is_vip(known[0], known[1], rhythm) for known in facts], dtype=pl.Boolean),
    )
