"""Each customer's segment, by the recommender's own rules, and the channel they came by."""

from datetime import datetime
from functools import partial

import polars as pl

from features.time_units import DAY_S
from recommender.value.segments import Rhythm, is_vip, segment_of
from training.data.sign_ins import linked
from training.ledger.ledger import Ledger
from training.ledger.touches import COUPON, Archive

GAP_DAYS = 60.0  # assumed between two orders where no customer has ordered twice
DIRECT = "direct"  # channel of customers who came by no named source
MIN_OF_COUPON = 3


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


def with_segments(
    customers: pl.DataFrame, rhythm: Rhythm, clock: datetime, expected: pl.DataFrame | None = None
) -> pl.DataFrame:
    """`Ledger.customers` with recency_days, span_days, segment and vip as of a moment.

    expected: customer and expected_orders_365d.
    """
    end = pl.lit(clock)
    if expected is None:
        expected = customers.select("customer", expected_orders_365d=pl.lit(0.0))
    ahead = customers.select("customer").join(expected, on="customer", how="left", maintain_order="left")
    customers = customers.with_columns(
        recency_days=((end - pl.col("last")).dt.total_seconds() / DAY_S).clip(0.0),
        span_days=(pl.col("last") - pl.col("first")).dt.total_seconds() / DAY_S,
    )
    names = ("orders", "revenue", "span_days", "recency_days")
    figures: list[tuple[int, float, float, float]] = customers.select(names).rows()
    segments = [
        segment_of(*figure, rhythm, partial(float, orders_ahead))
        for figure, orders_ahead in zip(figures, ahead["expected_orders_365d"].fill_null(0.0), strict=True)
    ]
    return customers.with_columns(
        segment=pl.Series([segment.name if segment else None for segment in segments], dtype=pl.String),
        vip=pl.Series([is_vip(orders, revenue, rhythm) for orders, revenue, *_ in figures], dtype=pl.Boolean),
    )


def acquisition_channels(archive: Archive, ledger: Ledger) -> pl.DataFrame:
    """customer, channel: the first source or code named by a visit or order, up to the first order. Coupons
    of fewer than MIN_OF_COUPON customers are one channel: such codes are made for one person."""
    owned = linked(archive.touches).filter(pl.col("type") == "touch", pl.col("customer").is_not_null())
    first = ledger.customers.select("customer", "first")
    sourced = (
        owned.join(first, on="customer")
        .filter(pl.col("timestamp") <= pl.col("first"))
        .sort("timestamp", "channel")
        .group_by("customer")
        .agg(pl.col("channel").first())
    )
    is_rare = pl.col("channel").str.starts_with(COUPON) & (pl.len().over("channel") < MIN_OF_COUPON)
    sourced = sourced.with_columns(channel=pl.when(is_rare).then(pl.lit("coupon")).otherwise("channel"))
    everyone = first.select("customer").join(sourced, on="customer", how="left")
    return everyone.with_columns(pl.col("channel").fill_null(DIRECT))
