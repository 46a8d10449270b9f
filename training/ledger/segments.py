"""Each customer's segment, by the recommender's own rules, and the channel they came by."""

import polars as pl

from features.time_units import DAY_S
from recommender.value.segments import Rhythm, is_vip, segment_of
from training.data.sign_ins import linked
from training.ledger.ledger import Ledger
from training.ledger.touches import Archive, until

GAP_DAYS = 60.0  # assumed between two orders where no customer has ordered twice
DIRECT = "direct"  # channel of customers who came by no named source


def rhythm_of(ledger: Ledger, default_gap_days: float) -> Rhythm:
    """The shop's usual days between orders, and its revenue quantiles.

    default_gap_days: the days between orders where nobody has ordered twice.
    """
    customers = ledger.customers
    if customers.is_empty():
        return Rhythm(default_gap_days, 0.0, 0.0)
    revenue = customers["revenue"]
    fifth, twentieth = (float(revenue.quantile(share, "higher") or 0.0) for share in (0.8, 0.95))
    return Rhythm(days_between(ledger) or default_gap_days, fifth, twentieth)


def days_between(ledger: Ledger) -> float | None:
    """Median days from an order to the same customer's next; None where nobody ordered twice."""
    orders = ledger.orders.filter(pl.col("customer").is_not_null()).sort("customer", "timestamp")
    gaps = orders.select(pl.col("timestamp").diff().dt.total_seconds() / DAY_S).to_series()
    median = gaps.filter(orders["customer"] == orders["customer"].shift()).median()
    return float(median) if isinstance(median, float) else None


def with_segments(ledger: Ledger, rhythm: Rhythm) -> pl.DataFrame:
    """`Ledger.customers` with recency_days, span_days, segment and vip."""
    end = pl.lit(until(ledger.as_of))
    customers = ledger.customers.with_columns(
        recency_days=(end - pl.col("last")).dt.total_seconds() / DAY_S,
        span_days=(pl.col("last") - pl.col("first")).dt.total_seconds() / DAY_S,
    )
    names = ("orders", "revenue", "span_days", "recency_days")
    figures: list[tuple[int, float, float, float]] = customers.select(names).rows()
    segments = [
        segment_of(orders, revenue, span, recency, rhythm) for orders, revenue, span, recency in figures
    ]
    return customers.with_columns(
        segment=pl.Series([segment.name if segment else None for segment in segments], dtype=pl.String),
        vip=pl.Series([is_vip(orders, revenue, rhythm) for orders, revenue, *_ in figures], dtype=pl.Boolean),
    )


def acquisition_channels(archive: Archive, ledger: Ledger) -> pl.DataFrame:
    """customer, channel: the first source named by a visit or order, up to the first order."""
    owned = linked(archive.touches).filter(pl.col("type") == "touch", pl.col("customer").is_not_null())
    first = ledger.customers.select("customer", "first")
    sourced = (
        owned.join(first, on="customer")
        .filter(pl.col("timestamp") <= pl.col("first"))
        .sort("timestamp", "channel")
        .group_by("customer")
        .agg(pl.col("channel").first())
    )
    everyone = first.select("customer").join(sourced, on="customer", how="left")
    return everyone.with_columns(pl.col("channel").fill_null(DIRECT))
