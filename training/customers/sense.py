"""Whether a forecast of customers makes sense, and what stands in its place where it does not."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.time_units import YEAR_DAYS
from recommender.arrays.dtypes import Float64s
from recommender.value.customer_value import NO_DAY, CustomerValue
from recommender.value.forecast import forecast
from training.customers.correction import IDENTITY
from training.customers.rfm import OrderDays, order_days, until_day
from training.customers.value import fit_customer_value
from training.data.history import History

MOST_TIMES = 3.0  # of the last year's pace: more than that no shop's known customers bring in the next
MOST_TIMES_OWN = 10.0  # of a customer's own best year
SHORTEST_DAYS = 90  # who is known for less counts as known for so long
NAMED = 20  # customers, at most
CUSTOMERS_AT_ONCE = 50_000
DAYS_OF_A_CUSTOMER = 1 << 20  # more than there are, to number the days of all customers one after another


class SoundValue(NamedTuple):
    """value: None where no forecast made sense. warning: what was left out and why; empty: nothing.
    concerned: rows of customers who made it senseless."""

    value: CustomerValue | None
    warning: str
    concerned: tuple[int, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why a bundle with it must not serve; as `warnings`, without a customer's name."""
        return (self.warning,) if self.value is None else ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return (self.warning,) if self.warning and self.value is not None else ()


class Nonsense(NamedTuple):
    """What makes no sense in a forecast; empty: nothing. concerned: rows of the customers, worst first."""

    reason: str
    concerned: tuple[int, ...] = ()


def fit_sound_value(history: History, cost: NDArray[np.floating] | None = None) -> SoundValue:
    """`fit_customer_value`, or its models alone, or nothing: the first that makes sense."""
    return sound(fit_customer_value(history, cost), order_days(history, cost), until_day(history))


def sound(value: CustomerValue, days: OrderDays, today: int) -> SoundValue:
    """The value, or its models alone, or nothing: the first that makes sense."""
    found = nonsense(value, days, today)
    if not found.reason:
        return SoundValue(value, "")
    plain = uncorrected(value)
    if not (still := nonsense(plain, days, today)).reason:
        warning = f"customer forecasts stand without corrections: with them, {found.reason}"
        return SoundValue(plain, warning, found.concerned)
    return SoundValue(None, f"customer forecasts make no sense: {still.reason}", still.concerned)


def nonsense(value: CustomerValue, days: OrderDays, today: int) -> Nonsense:
    """Whether a forecast of the next year is beyond belief, for the shop or for a customer."""
    rows, revenue = next_year(value, today)
    total = float(revenue.sum())
    if not total <= MOST_TIMES * last_year(days, today) + 1.0:  # a shop that gives all away still has cents
        worst = rows[np.argsort(-revenue, kind="stable")[:NAMED]]
        return Nonsense(
            f"they come to {total:,.0f} in the next year, more than {MOST_TIMES:.0f} times the last year's "
            "pace",
            tuple(worst.tolist()),
        )
    limit = MOST_TIMES_OWN * best_years(days, today, len(value.first_day))[rows] + 1.0
    beyond = np.flatnonzero(revenue > limit)
    if not len(beyond):
        return Nonsense("")
    worst = rows[beyond[np.argsort(-revenue[beyond] / limit[beyond], kind="stable")]]
    return Nonsense(
        f"of {len(beyond):,} customers more than {MOST_TIMES_OWN:.0f} times their own best year is expected",
        tuple(worst[:NAMED].tolist()),
    )


def best_years(days: OrderDays, today: int, n_customers: int) -> Float64s:
    """(n_customers) money of the best 365 days of each; of those known for less, as a year of their pace, and
    of all the median of that at least: a first small order is no measure of a customer."""
    if not len(days):
        return np.zeros(n_customers)
    spent, best = np.concatenate([[0.0], np.cumsum(days.revenue)]), np.zeros(n_customers)
    day = days.customer.astype(np.int64) * DAYS_OF_A_CUSTOMER + days.day
    begins = np.searchsorted(day, np.maximum(day - YEAR_DAYS + 1, day - days.day))
    np.maximum.at(best, days.customer, spent[1:] - spent[begins])
    first = np.full(n_customers, today)
    np.minimum.at(first, days.customer, days.day)
    best *= YEAR_DAYS / np.clip(today - first + 1, SHORTEST_DAYS, YEAR_DAYS)
    return np.asarray(np.maximum(best, np.median(best[np.unique(days.customer)])))


def last_year(days: OrderDays, today: int) -> float:
    """Net revenue of the last year; of a younger shop, what a year of its pace would bring."""
    if not len(days):
        return 0.0
    known = min(today - int(days.day.min()) + 1, YEAR_DAYS)
    lately = (days.day > today - known) & (days.day <= today)
    return max(float(days.revenue[lately].sum()), 0.0) * YEAR_DAYS / known


def next_year(value: CustomerValue, today: int) -> tuple[NDArray[np.intp], Float64s]:
    """Rows of all who have ordered, and the revenue expected of each."""
    rows = np.flatnonzero(value.first_day != NO_DAY)
    some = (rows[start : start + CUSTOMERS_AT_ONCE] for start in range(0, len(rows), CUSTOMERS_AT_ONCE))
    parts = [forecast(value, value.customers(part), today, (YEAR_DAYS,)).revenue[:, 0] for part in some]
    return rows, np.concatenate([np.zeros(0), *parts])


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
