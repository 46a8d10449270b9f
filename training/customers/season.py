"""What the year does to a shop: how much busier than usual each part of it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.time_units import MEAN_YEAR_DAYS, WEEK_DAYS
from recommender.value.business_calendar import PARTS, USUAL, BusinessCalendar
from recommender.value.order_models import Floats
from training.customers.rfm import OrderDays

AGES = np.array([2, 4, 8, 13, 26, 39, 52, 78, 104, 156])  # weeks since the first order, where bins begin
FIRST_WEEKS = 8  # who ordered in them was a customer before, perhaps, and is told apart
DOUBT = 100.0  # repeat orders by which a part of the year is doubted
ROUNDS = 30


def season(days: OrderDays, until_day: int) -> BusinessCalendar:
    """The clock of a shop that has seen a year; before that nothing tells a season from growth: the calendar.

    Repeat orders of a week, by customers who first ordered in another, are Poisson of (part of the year) x
    (how long ago that was) x (whether they were there from the beginning), times their number; fitted by
    turns. So neither growth nor that customers leave is taken for a season.
    """
    begin = int(days.day.min()) if len(days) else until_day
    if until_day - begin < MEAN_YEAR_DAYS - 1:
        return USUAL
    came, known, part, age, early = _table(days, begin, until_day)
    pace, by_age, by_begin = np.ones(PARTS), np.ones(len(AGES) + 1), np.ones(2)
    for _ in range(ROUNDS):
        by_age = _effect(age, came, known * pace[part] * by_begin[early], len(by_age))
        by_begin = _effect(early, came, known * pace[part] * by_age[age], len(by_begin))
        pace = _effect(part, came, known * by_age[age] * by_begin[early], PARTS, DOUBT)
        pace /= pace.mean()
    return BusinessCalendar(pace)


def _effect(of: NDArray[np.intp], came: Floats, expected: Floats, size: int, doubt: float = 1e-9) -> Floats:
    """What came over what was expected without it."""
    return np.asarray((np.bincount(of, came, size) + doubt) / (np.bincount(of, expected, size) + doubt))


def _table(
    days: OrderDays, begin: int, until_day: int
) -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Of each week and each earlier week in which customers first ordered: their orders, their number, and
    the three things that the orders depend on."""
    n_weeks = (until_day - begin) // WEEK_DAYS + 1
    starts = np.flatnonzero(np.diff(days.customer, prepend=-1))
    first = (days.day[starts] - begin) // WEEK_DAYS
    of_first = np.repeat(first, np.diff(np.append(starts, len(days))))
    came = np.bincount((days.day - begin) // WEEK_DAYS * n_weeks + of_first, minlength=n_weeks**2)
    now, since = np.divmod(np.arange(n_weeks**2), n_weeks)
    known = np.bincount(first, minlength=n_weeks)[since]
    is_over = begin + (now + 1) * WEEK_DAYS <= until_day + 1
    kept = np.flatnonzero((now > since) & is_over & (known > 0))
    now, since = now[kept], since[kept]
    return (
        came[kept].astype(np.float64),
        known[kept].astype(np.float64),
        ((begin + (now + 0.5) * WEEK_DAYS) / MEAN_YEAR_DAYS % 1.0 * PARTS).astype(np.intp),
        np.searchsorted(AGES, now - since, side="right"),
        (since < FIRST_WEEKS).astype(np.intp),
    )
