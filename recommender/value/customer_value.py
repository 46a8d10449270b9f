"""What each customer is worth: a model of orders, a model of spend, and what hold-outs taught about both.

A live order moves the figures at once: they are computed from the customer's own numbers when asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.time_units import WEEK_DAYS
from recommender.value.business_calendar import USUAL, BusinessCalendar
from recommender.value.order_models import (
    NBD,
    Floats,
    OrderModel,
    SpendModel,
    Summary,
    expected_orders,
    expected_spend,
    p_alive,
)

HORIZONS_DAYS = (30, 90, 365)
NEVER = -1
PAST = 0.5  # how far a customer's forecast revenue leans to what they brought so far: ranks them better
FADE_WEEKS = 90 / WEEK_DAYS  # the time over which churn risk compares


class Customers(NamedTuple):
    """What is known of some customers; (n) each. Days since 1970; first_day NEVER: no order yet.

    order_days float64 (days on which they ordered); revenue float64 (money, net of refunds, of all of
    them); margin float64 (share of revenue, NaN: no cost known); order_lift, revenue_lift float64 (what
    the products bought say of orders and revenue to come; 1: nothing).
    """

    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    order_days: Floats
    revenue: Floats
    margin: Floats
    order_lift: Floats
    revenue_lift: Floats

    @classmethod
    def new(cls) -> Customers:
        """One of whom nothing is known."""
        never, nothing, one = np.full(1, NEVER, np.int32), np.zeros(1), np.ones(1)
        return cls(never, never, nothing, nothing, np.full(1, np.nan), one, one)

    def where(self, kept: slice | NDArray[np.bool_ | np.intp]) -> Customers:
        parts: list[Any] = [part[kept] for part in self]
        return Customers(*parts)

    def ordered(self, day: int, revenue: float) -> Customers:
        """One customer after a further order; several of a day count as one order day."""
        again = float(self.last_day[0] != day)
        return self._replace(
            first_day=np.where(self.first_day == NEVER, day, np.minimum(self.first_day, day)).astype(
                np.int32
            ),
            last_day=np.maximum(self.last_day, day).astype(np.int32),
            order_days=self.order_days + again,
            revenue=self.revenue + revenue,
        )

    def seen(self, today: int, clock: BusinessCalendar = USUAL) -> Summary:
        """The order models' numbers, by the shop's clock. Everybody must have ordered."""
        recency = clock.weeks(self.first_day, self.last_day)
        return Summary(self.order_days - 1, recency, np.maximum(clock.weeks(self.first_day, today), recency))


@dataclass(frozen=True)
class CustomerValue:
    """The fitted models, and the customers when they were fitted, in IdMap order.

    pace: (parts of a year) float64, of the shop's `BusinessCalendar`, by which all weeks here are counted.
    model: (5) float64, `OrderModel`; rare: (2) float64, r and alpha of NBD on the same customers;
    spend: (3) float64, `SpendModel`; margin: (1) float64, the shop's share of revenue (NaN: no costs).
    reference_weeks: (1) float64, the time for which the corrections were learned; means: (2) float64, a
    customer's mean revenue so far and in that time, before recalibration. features_seen: (2, features of
    `describe`) float64, least and greatest the weights were learned of; order_weights and
    revenue_weights: (1 + features) float64; order_knots and revenue_knots: (2, bins)
    float64, forecasts and what came. Per customer: `Customers`; float32 where that says float64.
    """

    pace: Floats
    model: Floats
    rare: Floats
    spend: Floats
    margin: Floats
    reference_weeks: Floats
    means: Floats
    features_seen: Floats
    order_weights: Floats
    revenue_weights: Floats
    order_knots: Floats
    revenue_knots: Floats
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]
    order_days: NDArray[np.float32]
    revenue: NDArray[np.float32]
    own_margin: NDArray[np.float32]
    order_lift: NDArray[np.float32]
    revenue_lift: NDArray[np.float32]

    @cached_property
    def clock(self) -> BusinessCalendar:
        return BusinessCalendar(self.pace)

    @property
    def order_model(self) -> OrderModel:
        kind, r, alpha, a, b = self.model.tolist()
        return OrderModel(int(kind), r, alpha, a, b)

    @property
    def rare_model(self) -> OrderModel:
        (r, alpha), model = self.rare.tolist(), self.order_model
        return OrderModel(NBD, r, alpha, 0.0, model.b if model.kind == NBD else 0.0)

    @property
    def spend_model(self) -> SpendModel:
        return SpendModel(*self.spend.tolist())

    def customer(self, row: int) -> Customers:
        """One customer as of the training; an unknown one (-1) is new."""
        return self.customers(slice(row, row + 1)) if row >= 0 else Customers.new()

    def customers(self, kept: slice | NDArray[np.integer] = slice(None)) -> Customers:
        """Customers as of the training, rows in IdMap order."""
        return Customers(
            self.first_day[kept],
            self.last_day[kept],
            self.order_days[kept].astype(np.float64),
            self.revenue[kept].astype(np.float64),
            self.own_margin[kept].astype(np.float64),
            self.order_lift[kept].astype(np.float64),
            self.revenue_lift[kept].astype(np.float64),
        )


class Forecast(NamedTuple):
    """(n) float64 of customers who have ordered, or (n, horizons).

    orders, revenue, margin (money; NaN where no cost is known): expected from today on. p_alive: chance
    of not having left; churn_risk: the share of the orders expected after the last one that is no longer.
    """

    p_alive: Floats
    churn_risk: Floats
    orders: Floats
    revenue: Floats
    margin: Floats


def forecast(
    value: CustomerValue, customers: Customers, today: int, horizons_days: tuple[int, ...] = HORIZONS_DAYS
) -> Forecast:
    """What is to be expected of customers who have ordered. today: days since 1970; horizons ascending."""
    model, seen = value.order_model, customers.seen(today, value.clock)
    habit = leaning(value, customers, ahead(value, customers, seen, float(value.reference_weeks[0]))[1])
    weeks = [float(value.clock.weeks(today, today + days)) for days in horizons_days]
    found = [_recalibrated(value, customers, seen, ahead_weeks, habit) for ahead_weeks in weeks]
    orders, revenue = (
        np.maximum.accumulate(np.stack(part, axis=1), axis=1) for part in zip(*found, strict=True)
    )
    margin = np.where(np.isnan(customers.margin), value.margin[0], customers.margin)
    return Forecast(p_alive(model, seen), churn_risk(model, seen), orders, revenue, revenue * margin[:, None])


def _recalibrated(
    value: CustomerValue, customers: Customers, seen: Summary, weeks: float, habit: Floats
) -> tuple[Floats, Floats]:
    """(orders, revenue) expected within the next weeks. The knots are of the reference weeks."""
    orders, revenue = ahead(value, customers, seen, weeks)
    scale = weeks / value.reference_weeks[0]
    return (
        recalibrated(orders / scale, value.order_knots) * scale,
        recalibrated(revenue * habit / scale, value.revenue_knots) * scale,
    )


def ahead(value: CustomerValue, customers: Customers, seen: Summary, weeks: float) -> tuple[Floats, Floats]:
    """(orders, revenue) of the next weeks, corrected, not yet recalibrated."""
    expected = expected_orders(value.order_model, seen, weeks)
    features = describe(value, customers, seen, expected, weeks).clip(*value.features_seen)
    spend = expected_spend(value.spend_model, customers.order_days, own_spend(customers))
    return (
        expected * log_linear(features, value.order_weights) * customers.order_lift,
        expected * spend * log_linear(features, value.revenue_weights) * customers.revenue_lift,
    )


def leaning(value: CustomerValue, customers: Customers, revenue: Floats) -> Floats:
    """Factor that moves forecasts half-way from what is expected to what a customer has brought so far,
    both over the shop's mean. revenue: of the reference weeks, from `ahead`."""
    past, coming = value.means
    own = np.maximum(customers.revenue, 0.1 * value.spend_model.shop_mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (own / past) / (revenue / coming)
    return np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0) ** PAST


def churn_risk(model: OrderModel, seen: Summary) -> Floats:
    """0 right after an order, towards 1 the longer the silence is for a customer of that rhythm."""
    fresh = expected_orders(model, Summary(seen.frequency, seen.recency, seen.recency), FADE_WEEKS)
    now = expected_orders(model, seen, FADE_WEEKS)
    return np.asarray(np.clip(1 - now / np.maximum(fresh, 1e-300), 0.0, 1.0))


def own_spend(customers: Customers) -> Floats:
    """Money of a mean order day."""
    return np.asarray(np.maximum(customers.revenue, 0.0) / customers.order_days)


def describe(
    value: CustomerValue, customers: Customers, seen: Summary, expected: Floats, weeks: float
) -> Floats:
    """(n, features) float64: what a log-linear correction may go by."""
    shop = max(value.spend_model.shop_mean, 1e-9)
    own = own_spend(customers)
    spend = expected_spend(value.spend_model, customers.order_days, own) + 1e-3 * shop
    rare = expected_orders(value.rare_model, seen, weeks)
    return np.stack(
        [
            np.log(rare) - np.log(np.maximum(expected, 1e-12)),
            np.log(spend / shop),
            (seen.frequency == 0).astype(np.float64),
            np.log((seen.age - seen.recency + 1) / (seen.age + 1)),
            np.log1p(seen.frequency),
            np.log1p(seen.age),
            np.log((own + 0.1 * shop) / spend),
        ],
        axis=1,
    )


def log_linear(features: Floats, weights: Floats) -> Floats:
    """exp(weights[0] + features weights[1:]), within reason."""
    return np.asarray(np.exp(np.clip(weights[0] + features @ weights[1:], -5.0, 5.0)))


def recalibrated(forecasts: Floats, knots: Floats) -> Floats:
    """What came of such forecasts: linear between knots, in proportion below the first and above the last."""
    before, after = knots
    within = np.interp(forecasts, before, after)
    low, high = forecasts * (after[0] / before[0]), forecasts * (after[-1] / before[-1])
    return np.asarray(np.where(forecasts < before[0], low, np.where(forecasts > before[-1], high, within)))
