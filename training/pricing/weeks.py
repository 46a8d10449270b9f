"""Order lines by week: the price of each product in a week, and how many orders contained it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from training.pricing.response import Weeks

LONGEST_GAP_WEEKS = 4
"""A product without orders for at most so many weeks counts as still in the shop, at its last price."""


class ProductSales(NamedTuple):
    """units: mean quantity in an order; revenue: of all orders."""

    item: str
    weeks: Weeks
    units: float
    revenue: float


def weekly(lines: pl.DataFrame) -> Iterator[ProductSales]:
    """Products, highest revenue first. lines: order, item, timestamp, quantity, price (of a unit, before the
    order's discount), revenue.

    A week's price is the median over its orders, and its sales are orders and not units, since bulk buyers
    pay less because they buy more. Coupons do not count, since their holders pay less in any week.
    """
    lines = lines.filter(pl.col("quantity") > 0, pl.col("price") > 0).with_columns(
        week=(pl.col("timestamp").dt.epoch("d") + 3) // 7
    )
    if lines.is_empty():
        return
    first, last = int(lines["week"].min()), int(lines["week"].max())  # type: ignore[arg-type]
    shop = lines.group_by("week").agg(pl.col("order").n_unique().alias("orders"))
    shop_orders = np.zeros(last - first + 1)
    shop_orders[shop["week"].to_numpy() - first] = shop["orders"].to_numpy()
    each = lines.group_by("item", "week").agg(
        pl.col("price").median().alias("paid"), pl.col("order").n_unique().alias("orders")
    )
    sums = lines.group_by("item").agg(
        pl.col("revenue").sum(),
        (pl.col("quantity").sum() / pl.col("order").n_unique()).alias("units"),
    )
    by_item = {str(name): part.sort("week") for (name,), part in each.group_by("item")}
    for item, revenue, units in sums.sort("revenue", "item", descending=[True, False]).iter_rows():
        part = by_item[item]
        week, paid, orders = (part[name].to_numpy() for name in ("week", "paid", "orders"))
        weeks = _weeks_in_shop(week - first, paid, orders.astype(np.float64), shop_orders)
        yield ProductSales(item, weeks, units, revenue)


def _weeks_in_shop(week: np.ndarray, paid: np.ndarray, orders: np.ndarray, shop_orders: np.ndarray) -> Weeks:
    """Its weeks with orders, and short gaps between them at the price of the week before."""
    gap = np.diff(week, append=week[-1] + 1)
    repeats = np.minimum(gap, LONGEST_GAP_WEEKS + 1)
    index = np.repeat(np.arange(len(week)), repeats)
    after = np.arange(len(index)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    own = np.where(after == 0, orders[index], 0.0)
    return Weeks(paid[index], own, shop_orders[week[index] + after] - own)
