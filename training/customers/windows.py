"""Earlier days on which the same forecast could have been made: what was known then, and what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.business_calendar import BusinessCalendar
from training.customers.rfm import OrderDays, Rfm, summarise

SHARES = (0.5, 0.6, 0.7, 0.8)  # of the history: where the windows begin that all end today
FEWEST_CUSTOMERS = 30  # known at a window's begin; below it nothing is learned there
SHORTEST_WEEKS = 2.0


@dataclass(frozen=True)
class Window:
    """known: the customers at the end of day `cut`; orders and revenue: theirs in the `weeks` after it."""

    cut: int
    weeks: float
    known: Rfm
    orders: Float64s
    revenue: Float64s


def windows(days: OrderDays, until_day: int, clock: BusinessCalendar) -> Iterator[Window]:
    """Those of a history that are long enough and not empty."""
    begin = int(days.day.min()) if len(days) else until_day
    for share in SHARES:
        cut = begin + int(share * (until_day - begin))
        weeks = float(clock.weeks(cut, until_day))
        known = summarise(days.before(cut + 1), cut, clock)
        if weeks >= SHORTEST_WEEKS and len(known) >= FEWEST_CUSTOMERS:
            yield window(days, known, cut, until_day, weeks)


def window(days: OrderDays, known: Rfm, cut: int, until_day: int, weeks: float) -> Window:
    """What came from the known customers after day `cut`, up to and with `until_day`."""
    later = days.where((days.day > cut) & (days.day <= until_day))
    size = 1 + int(max(known.customer.max(initial=-1), later.customer.max(initial=-1)))
    orders = np.bincount(later.customer, minlength=size)[known.customer].astype(np.float64)
    revenue = np.asarray(np.bincount(later.customer, later.revenue, size)[known.customer], np.float64)
    return Window(cut, weeks, known, orders, revenue)
