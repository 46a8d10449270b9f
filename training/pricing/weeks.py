"""Orders as weeks on sale: what each product cost in a week, and how many orders held it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from training.pricing.response import Weeks

LONGEST_GAP = 4
"""Weeks without a sale that still count as on sale, at the price before; longer, it may have been gone."""


class Sold(NamedTuple):
    """units: a mean order of it; revenue: money of all."""

    item: str
    weeks: Weeks
    units: float
    revenue: float


def weekly(lines: pl.DataFrame) -> Iterator[Sold]:
    """Products by revenue. lines: order, item, timestamp, quantity, price (of a unit, before an order's
    discount), revenue.

    A week's price is the median over its orders, and its sales are orders and not units: whoever buys a
    hundred pays less for that reason, which is no answer to a lower price. Nor is a coupon a price: whoever
    has one pays less in whatever week.
    """
    told = lines.filter(pl.col("quantity") > 0, pl.col("price") > 0).with_columns(
        week=(pl.col("timestamp").dt.epoch("d") + 3) // 7
    )
    if told.is_empty():
        return
    first, last = int(told["week"].min()), int(told["week"].max())  # type: ignore[arg-type]
    shop = told.group_by("week").agg(pl.col("order").n_unique().alias("orders"))
    whole = np.zeros(last - first + 1)
    whole[shop["week"].to_numpy() - first] = shop["orders"].to_numpy()
    each = told.group_by("item", "week").agg(
        pl.col("price").median().alias("paid"), pl.col("order").n_unique().alias("orders")
    )
    sums = told.group_by("item").agg(
        pl.col("revenue").sum(),
        (pl.col("quantity").sum() / pl.col("order").n_unique()).alias("units"),
    )
    by_item = {str(name): part.sort("week") for (name,), part in each.group_by("item")}
    for item, revenue, units in sums.sort("revenue", "item", descending=[True, False]).iter_rows():
        part = by_item[item]
        week, paid, orders = (part[name].to_numpy() for name in ("week", "paid", "orders"))
        yield Sold(item, _on_sale(week - first, paid, orders.astype(np.float64), whole), units, revenue)


def _on_sale(week: np.ndarray, paid: np.ndarray, orders: np.ndarray, whole: np.ndarray) -> Weeks:
    """Weeks without a sale between two sales, too, at the price of the sale before."""
    gap = np.diff(week, append=week[-1] + 1)
    repeats = np.minimum(gap, LONGEST_GAP + 1)
    place = np.repeat(np.arange(len(week)), repeats)
    after = np.arange(len(place)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    own = np.where(after == 0, orders[place], 0.0)
    return Weeks(paid[place], own, whole[week[place] + after] - own)
