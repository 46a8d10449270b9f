"""Recency, frequency, age and spend of each customer, as the order models need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.time_units import DAY_S
from recommender.arrays.dtypes import Float64s
from recommender.value.business_calendar import UNIFORM_CALENDAR, BusinessCalendar
from recommender.value.order_models import OrderSummary
from training.data.history import History

MOST = 0.95  # of the customers; odd is who has so many times the greatest that these have:
FAR_ORDERS, FAR_REVENUE = 10.0, 30.0  # order days, money, which spreads wider in sound shops


@dataclass(frozen=True)
class OrderDays:
    """A row for each day on which a customer ordered, in order of customer and day; all orders of a day
    together, net of refunds. customer int32 (row), day int32 (since 1970), revenue and margin float64
    (money; margin NaN where no cost is known)."""

    customer: NDArray[np.int32]
    day: NDArray[np.int32]
    revenue: Float64s
    margin: Float64s

    def before(self, day: int) -> OrderDays:
        """Those before a day."""
        return self.where(self.day < day)

    def where(self, kept: NDArray[np.bool_]) -> OrderDays:
        return OrderDays(self.customer[kept], self.day[kept], self.revenue[kept], self.margin[kept])

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True)
class Rfm:
    """Of each customer with an order, customer int32 ascending; weeks and money float64.

    frequency: order days but the first; recency: weeks from the first to the last; age: weeks from the
    first to the day of the summary; revenue: of all days; margin: of the days with known costs, as a share
    of their revenue (NaN: none known).
    """

    customer: NDArray[np.int32]
    summary: OrderSummary
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    revenue: Float64s
    margin: Float64s

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, kept: NDArray[np.bool_]) -> Rfm:
        return Rfm(
            self.customer[kept],
            self.summary.where(kept),
            self.first_day[kept],
            self.last_day[kept],
            self.revenue[kept],
            self.margin[kept],
        )

    @property
    def typical(self) -> NDArray[np.bool_]:
        """(n) all but those far beyond what most order or spend: they teach about themselves alone."""
        return ~(_far_beyond(self.order_days, FAR_ORDERS) | _far_beyond(self.revenue, FAR_REVENUE))

    @property
    def order_days(self) -> Float64s:
        return self.summary.frequency + 1

    @property
    def spend(self) -> Float64s:
        """Mean revenue of an order day."""
        return self.revenue / self.order_days


def order_days(history: History, cost: NDArray[np.floating] | None = None) -> OrderDays:
    """Order days of known customers, after discounts, of orders in the usual currency.

    cost: (n_items) of one piece, NaN: not known.
    A line without a price has its product's mean price, or 0 where no line of the product has one.
    """
    is_foreign = np.isin(history.purchases.order, history.foreign.to_numpy())
    lines = history.purchases.where((history.purchases.customer >= 0) & ~is_foreign)
    price = lines.unit_price.astype(np.float64)
    has_price = ~np.isnan(price)
    n_items = len(history.product_ids)
    sold = np.bincount(lines.item[has_price], minlength=n_items)
    mean_price = np.bincount(lines.item[has_price], price[has_price], n_items) / np.maximum(sold, 1)
    price = np.where(has_price, price, mean_price[lines.item]) * (1 - history.discount_share[lines.order])
    unit_margin = np.full(len(lines), np.nan) if cost is None else price - cost[lines.item]
    days = (
        pl.DataFrame(
            {
                "customer": lines.customer,
                "day": lines.day,
                "revenue": lines.quantity * price,
                "margin": lines.quantity * unit_margin,
            }
        )
        .group_by("customer", "day")
        .agg(pl.col("revenue", "margin").sum())
        .sort("customer", "day")
    )
    return OrderDays(*(days[name].to_numpy() for name in ("customer", "day", "revenue", "margin")))


def summarise(days: OrderDays, until_day: int, calendar: BusinessCalendar = UNIFORM_CALENDAR) -> Rfm:
    """Summary of each customer at the end of a day (since 1970); ages below 0 weeks become 0."""
    if not len(days):
        nothing = np.empty(0)
        customer = np.empty(0, np.int32)
        return Rfm(customer, OrderSummary(nothing, nothing, nothing), customer, customer, nothing, nothing)
    first_rows = np.flatnonzero(np.diff(days.customer, prepend=-1))
    last_rows = np.append(first_rows[1:], len(days)) - 1
    first, last = days.day[first_rows], days.day[last_rows]
    has_cost = ~np.isnan(days.margin)
    revenue_with_cost = np.add.reduceat(np.where(has_cost, days.revenue, 0.0), first_rows)
    margin = np.add.reduceat(np.where(has_cost, days.margin, 0.0), first_rows)
    return Rfm(
        customer=days.customer[first_rows],
        summary=OrderSummary(
            (last_rows - first_rows).astype(np.float64),
            calendar.weeks(first, last),
            np.maximum(calendar.weeks(first, until_day), 0.0),
        ),
        first_day=first,
        last_day=last,
        revenue=np.add.reduceat(days.revenue, first_rows),
        margin=np.divide(
            margin, revenue_with_cost, out=np.full(len(first_rows), np.nan), where=revenue_with_cost > 0
        ),
    )


def _far_beyond(values: Float64s, far: float) -> NDArray[np.bool_]:
    return values > far * np.quantile(values, MOST) if len(values) else np.zeros(0, np.bool_)


def until_day(history: History) -> int:
    """The day of the newest line, days since 1970."""
    return history.until // DAY_S
