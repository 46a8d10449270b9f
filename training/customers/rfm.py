"""What each customer's orders come to: the three numbers of the order models, and what was spent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.time_units import DAY_S
from recommender.value.business_calendar import USUAL, BusinessCalendar
from recommender.value.order_models import Floats, Summary
from training.data.history import History

MOST = 0.95  # of the customers; odd is who has so many times the greatest that these have:
FAR_ORDERS, FAR_REVENUE = 10.0, 30.0  # order days, money, which spreads wider in sound shops


@dataclass(frozen=True)
class OrderDays:
    """The days on which each customer ordered: what all of a day comes to, net of refunds. In order of
    customer and day; customer int32 (row), day int32 (since 1970), revenue and margin float64 (money;
    margin NaN where no cost is known)."""

    customer: NDArray[np.int32]
    day: NDArray[np.int32]
    revenue: Floats
    margin: Floats

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
    seen: Summary
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    revenue: Floats
    margin: Floats

    def __len__(self) -> int:
        return len(self.customer)

    def where(self, kept: NDArray[np.bool_]) -> Rfm:
        return Rfm(
            self.customer[kept],
            self.seen.where(kept),
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
    def order_days(self) -> Floats:
        return self.seen.frequency + 1

    @property
    def spend(self) -> Floats:
        """Money of a mean order day."""
        return self.revenue / self.order_days


def order_days(history: History, cost: NDArray[np.floating] | None = None) -> OrderDays:
    """From the orders of known customers, discounts taken off. cost: (n_items) of one piece, NaN: not known.

    A line without a price counts at its product's mean price, or at nothing where no line has any.
    """
    own = history.purchases.where(history.purchases.customer >= 0)
    price = own.unit_price.astype(np.float64)
    known = ~np.isnan(price)
    n_items = len(history.product_ids)
    sold = np.bincount(own.item[known], minlength=n_items)
    mean = np.bincount(own.item[known], price[known], n_items) / np.maximum(sold, 1)
    price = np.where(known, price, mean[own.item]) * (1 - history.taken_off[own.order])
    each = np.full(len(own), np.nan) if cost is None else price - cost[own.item]
    days = (
        pl.DataFrame(
            {
                "customer": own.customer,
                "day": own.day,
                "revenue": own.quantity * price,
                "margin": own.quantity * each,
            }
        )
        .group_by("customer", "day")
        .agg(pl.col("revenue", "margin").sum())
        .sort("customer", "day")
    )
    return OrderDays(*(days[name].to_numpy() for name in ("customer", "day", "revenue", "margin")))


def summarise(days: OrderDays, until_day: int, clock: BusinessCalendar = USUAL) -> Rfm:
    """What was known at the end of a day (since 1970), on which nobody is younger than 0 weeks."""
    if not len(days):
        nothing = np.empty(0)
        whom = np.empty(0, np.int32)
        return Rfm(whom, Summary(nothing, nothing, nothing), whom, whom, nothing, nothing)
    starts = np.flatnonzero(np.diff(days.customer, prepend=-1))
    ends = np.append(starts[1:], len(days)) - 1
    first, last = days.day[starts], days.day[ends]
    costed = ~np.isnan(days.margin)
    costed_revenue = np.add.reduceat(np.where(costed, days.revenue, 0.0), starts)
    margin = np.add.reduceat(np.where(costed, days.margin, 0.0), starts)
    return Rfm(
        customer=days.customer[starts],
        seen=Summary(
            (ends - starts).astype(np.float64),
            clock.weeks(first, last),
            np.maximum(clock.weeks(first, until_day), 0.0),
        ),
        first_day=first,
        last_day=last,
        revenue=np.add.reduceat(days.revenue, starts),
        margin=np.divide(margin, costed_revenue, out=np.full(len(starts), np.nan), where=costed_revenue > 0),
    )


def _far_beyond(values: Floats, far: float) -> NDArray[np.bool_]:
    return values > far * np.quantile(values, MOST) if len(values) else np.zeros(0, np.bool_)


def until_day(history: History) -> int:
    """The day of the newest line, days since 1970."""
    return history.until // DAY_S
