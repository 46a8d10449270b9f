"""Earlier days on which a forecast could have been made: the data of that time, and the outcome."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.business_calendar import BusinessCalendar
from training.customers.rfm import OrderDays, Rfm, summarise

SHARES = (0.5, 0.6, 0.7, 0.8)  # of the history, where windows begin; all of them end today
FEWEST_CUSTOMERS = 30  # a window that begins with fewer is left out
SHORTEST_WEEKS = 2.0


@dataclass(frozen=True)
class Window:
    """rfm: the customers at the end of day `cut`; orders and revenue: theirs in the `weeks` after it."""

    cut: int
    weeks: float
    rfm: Rfm
    orders: Float64s
    revenue: Float64s


def windows(days: OrderDays, until_day: int, calendar: BusinessCalendar) -> Iterator[Window]:
    """The windows of a history that are long enough and have enough customers."""
    begin = int(days.day.min()) if len(days) else until_day
    for share in SHARES:
        cut = begin + int(share * (until_day - begin))
        weeks = float(calendar.weeks(cut, until_day))
        rfm = summarise(days.before(cut + 1), cut, calendar)
        if weeks >= SHORTEST_WEEKS and len(rfm) >= FEWEST_CUSTOMERS:
            yield window(days, rfm, cut, until_day, weeks)


def window(days: OrderDays, rfm: Rfm, cut: int, until_day: int, weeks: float) -> Window:
    """Orders and revenue of the customers in `rfm` after day `cut`, up to and with `until_day`."""
    later = days.where((days.day > cut) & (days.day <= until_day))
    size = 1 + int(max(rfm.customer.max(initial=-1), later.customer.max(initial=-1)))
    orders = np.bincount(later.customer, minlength=size)[rfm.customer].astype(np.float64)
    revenue = np.asarray(np.bincount(later.customer, later.revenue, size)[rfm.customer], np.float64)
    return Window(cut, weeks, rfm, orders, revenue)
