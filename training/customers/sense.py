"""Whether a forecast of customers makes sense, and what stands in its place where it does not."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.time_units import YEAR_DAYS
from recommender.value.customer_value import NO_DAY, CustomerValue, forecast
from training.customers.correction import IDENTITY
from training.customers.rfm import OrderDays, order_days, until_day
from training.customers.value import fit_customer_value
from training.data.history import History

MOST_TIMES = 3.0  # of the last year's pace: more than that no shop's known customers bring in the next
CUSTOMERS_AT_ONCE = 50_000  # customers


class SoundValue(NamedTuple):
    """value: None where no forecast made sense. warning: what was left out and why; empty: nothing."""

    value: CustomerValue | None
    warning: str


def fit_sound_value(history: History, cost: NDArray[np.floating] | None = None) -> SoundValue:
    """`fit_customer_value`, or its models alone, or nothing: the first that makes sense."""
    return sound(fit_customer_value(history, cost), order_days(history, cost), until_day(history))


def sound(value: CustomerValue, days: OrderDays, today: int) -> SoundValue:
    """The value, or its models alone, or nothing: the first that makes sense."""
    most = MOST_TIMES * last_year(days, today) + 1.0  # of a shop that gives everything away, no cents
    if (said := next_year(value, today)) <= most:
        return SoundValue(value, "")
    senseless = f"of {said:,.0f} in the next year, more than {MOST_TIMES:.0f} times the last year's pace"
    if next_year(plain := uncorrected(value), today) <= most:
        return SoundValue(plain, f"customer forecasts stand without corrections: these made {senseless}")
    return SoundValue(None, f"customer forecasts and profiles are left out: they came to {senseless}")


def last_year(days: OrderDays, today: int) -> float:
    """Net revenue of the last year; of a younger shop, what a year of its pace would bring."""
    if not len(days):
        return 0.0
    known = min(today - int(days.day.min()) + 1, YEAR_DAYS)
    lately = (days.day > today - known) & (days.day <= today)
    return max(float(days.revenue[lately].sum()), 0.0) * YEAR_DAYS / known


def next_year(value: CustomerValue, today: int) -> float:
    """Revenue expected of all who have ordered. Not finite: inf."""
    rows = np.flatnonzero(value.first_day != NO_DAY)
    some = (rows[start : start + CUSTOMERS_AT_ONCE] for start in range(0, len(rows), CUSTOMERS_AT_ONCE))
    parts = (forecast(value, value.customers(part), today, (YEAR_DAYS,)).revenue.sum() for part in some)
    total = float(sum(parts))
    return total if np.isfinite(total) else np.inf


def uncorrected(value: CustomerValue) -> CustomerValue:
    """The models alone."""
    return replace(
        value,
        means=np.zeros_like(value.means),
        features_seen=np.zeros_like(value.features_seen),
        order_weights=np.zeros_like(value.order_weights),
        revenue_weights=np.zeros_like(value.revenue_weights),
        order_knots=IDENTITY,
        revenue_knots=IDENTITY,
        order_lift=np.ones_like(value.order_lift),
        revenue_lift=np.ones_like(value.revenue_lift),
    )
