"""Seasonality: how much busier than usual a shop is in each part of the year."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.time_units import MEAN_YEAR_DAYS, WEEK_DAYS
from recommender.arrays.dtypes import Float64s
from recommender.value.business_calendar import UNIFORM_CALENDAR, YEAR_PARTS, BusinessCalendar
from training.customers.rfm import OrderDays

AGES = np.array([2, 4, 8, 13, 26, 39, 52, 78, 104, 156])  # weeks since the first order, where bins begin
FIRST_WEEKS = 8  # of the history; their "new" customers may be old ones and have a factor of their own
PRIOR_ORDERS = 100.0  # repeat orders at which a part of the year is believed half
ITERATIONS = 30


class Cells(NamedTuple):
    """Repeat orders by week and by the week in which their customers first ordered; arrays of one length.

    orders, customers float64: of each pair of weeks; part (of the year), age (bin of AGES), early (whether
    that first week is one of FIRST_WEEKS) intp: what the orders depend on.
    """

    orders: Float64s
    customers: Float64s
    part: NDArray[np.intp]
    age: NDArray[np.intp]
    early: NDArray[np.intp]


def season(days: OrderDays, until_day: int) -> BusinessCalendar:
    """The business calendar of a shop with at least a year of history; of a shorter one, where nothing
    distinguishes a season from growth, the usual calendar.

    Repeat orders of a week, by customers who first ordered in another, are Poisson of (part of the year) x
    (how long ago that was) x (whether that was in the first weeks), times their number; fitted by turns. So
    neither growth nor customers leaving is taken for a season.
    """
    begin = int(days.day.min()) if len(days) else until_day
    if until_day - begin < MEAN_YEAR_DAYS - 1:
        return UNIFORM_CALENDAR
    orders, customers, part, age, early = _cells(days, begin, until_day)
    pace, by_age, by_begin = np.ones(YEAR_PARTS), np.ones(len(AGES) + 1), np.ones(2)
    for _ in range(ITERATIONS):
        by_age = _effect(age, orders, customers * pace[part] * by_begin[early], len(by_age))
        by_begin = _effect(early, orders, customers * pace[part] * by_age[age], len(by_begin))
        pace = _effect(part, orders, customers * by_age[age] * by_begin[early], YEAR_PARTS, PRIOR_ORDERS)
        pace /= pace.mean()
    return BusinessCalendar(pace)


def _effect(
    level: NDArray[np.intp], orders: Float64s, expected: Float64s, size: int, prior: float = 1e-9
) -> Float64s:
    """(size): of each level of a factor, orders over those expected without that factor."""
    return np.asarray(
        (np.bincount(level, orders, size) + prior) / (np.bincount(level, expected, size) + prior)
    )


def _cells(days: OrderDays, begin: int, until_day: int) -> Cells:
    """Of each week that is over, and each earlier week in which customers first ordered."""
    n_weeks = (until_day - begin) // WEEK_DAYS + 1
    starts = np.flatnonzero(np.diff(days.customer, prepend=-1))
    first = (days.day[starts] - begin) // WEEK_DAYS
    first_week_of_row = np.repeat(first, np.diff(np.append(starts, len(days))))
    orders = np.bincount((days.day - begin) // WEEK_DAYS * n_weeks + first_week_of_row, minlength=n_weeks**2)
    week, first_week = np.divmod(np.arange(n_weeks**2), n_weeks)
    customers = np.bincount(first, minlength=n_weeks)[first_week]
    is_over = begin + (week + 1) * WEEK_DAYS <= until_day + 1
    kept = np.flatnonzero((week > first_week) & is_over & (customers > 0))
    week, first_week = week[kept], first_week[kept]
    return Cells(
        orders=orders[kept].astype(np.float64),
        customers=customers[kept].astype(np.float64),
        part=((begin + (week + 0.5) * WEEK_DAYS) / MEAN_YEAR_DAYS % 1.0 * YEAR_PARTS).astype(np.intp),
        age=np.searchsorted(AGES, week - first_week, side="right"),
        early=(first_week < FIRST_WEEKS).astype(np.intp),
    )
