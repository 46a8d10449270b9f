"""Customer value: a model of orders, a model of spend, and corrections of both learned on hold-outs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Bools, Float32s, Float64s, Int32s
from recommender.value.business_calendar import UNIFORM_CALENDAR, BusinessCalendar
from recommender.value.order_models import (
    NBD,
    OrderModel,
    OrderSummary,
    SpendModel,
    expected_orders,
    expected_spend,
)

NO_DAY = -1
PAST_REVENUE_EXPONENT = 0.5  # weight of past revenue in a revenue forecast, which ranks customers better
MOST_PAST_FACTOR = 4.0  # by which past revenue may move it up or down


class Customers(NamedTuple):
    """The numbers of some customers; (n) each. Days since 1970; first_day NO_DAY: no order yet.

    order_days float64 (days on which they ordered); revenue float64 (money of all orders, net of refunds);
    margin float64 (share of revenue, NaN: no cost known); order_lift, revenue_lift float64 (factors of
    future orders and revenue, from the products bought; 1: none).
    """

    first_day: Int32s
    last_day: Int32s
    order_days: Float64s
    revenue: Float64s
    margin: Float64s
    order_lift: Float64s
    revenue_lift: Float64s

    @classmethod
    def new(cls) -> Customers:
        """One customer of whom nothing is known."""
        never, nothing, one = np.full(1, NO_DAY, np.int32), np.zeros(1), np.ones(1)
        return cls(never, never, nothing, nothing, np.full(1, np.nan), one, one)

    def where(self, kept: slice | NDArray[np.bool_ | np.intp]) -> Customers:
        parts: list[Any] = [part[kept] for part in self]
        return Customers(*parts)

    def ordered(self, day: int, revenue: float) -> Customers:
        """One customer after a further order; several of a day count as one order day."""
        again = float(self.last_day[0] != day)
        return self._replace(
            first_day=np.where(self.first_day == NO_DAY, day, np.minimum(self.first_day, day)).astype(
                np.int32
            ),
            last_day=np.maximum(self.last_day, day).astype(np.int32),
            order_days=self.order_days + again,
            revenue=self.revenue + revenue,
        )

    def summary(self, today: int, calendar: BusinessCalendar = UNIFORM_CALENDAR) -> OrderSummary:
        """What the order models take, in weeks of the shop's calendar. Everybody must have ordered."""
        recency = calendar.weeks(self.first_day, self.last_day)
        return OrderSummary(
            self.order_days - 1, recency, np.maximum(calendar.weeks(self.first_day, today), recency)
        )


@dataclass(frozen=True)
class CustomerValue:
    """The fitted models, and the customers when they were fitted, in IdMap order.

    pace: (parts of a year) float64, of the shop's `BusinessCalendar`, by which all weeks here are counted.
    model: (5) float64, `OrderModel`; rare: (2) float64, r and alpha of NBD on the same customers;
    spend: (3) float64, `SpendModel`; margin: (1) float64, the shop's share of revenue (NaN: no costs).
    reference_weeks: (1) float64, the time for which the corrections were learned; means: (2) float64, the
    past revenue at which a forecast leans nowhere, and a customer's mean revenue in that time, before
    recalibration. features_seen: (2, features of
    `correction_features`) float64, least and greatest the weights were learned of; order_weights and
    revenue_weights: (1 + features) float64; order_knots and revenue_knots: (2, bins)
    float64, forecasts and what came. Per customer: `Customers`; float32 where that says float64.
    """

    pace: Float64s
    model: Float64s
    rare: Float64s
    spend: Float64s
    margin: Float64s
    reference_weeks: Float64s
    means: Float64s
    far: Float64s
    features_seen: Float64s
    order_weights: Float64s
    revenue_weights: Float64s
    order_knots: Float64s
    revenue_knots: Float64s
    first_day: Int32s
    last_day: Int32s
    order_days: Float32s
    revenue: Float32s
    own_margin: Float32s
    order_lift: Float32s
    revenue_lift: Float32s

    @cached_property
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(self.pace)

    @cached_property
    def years_ahead(self) -> dict[tuple[int, int], Float64s]:
        """Cache of `forecast.orders_in_a_year`: by block of customers and day."""
        return {}

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

    def apart(self, customers: Customers) -> Bools:
        """(n) those who order or spend far beyond what most do."""
        days, money = self.far.tolist()
        return np.asarray((customers.order_days > days) | (customers.revenue > money))

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


class OrdersAndRevenue(NamedTuple):
    """(n) or (n, draws) float64 each; revenue in money."""

    orders: Float64s
    revenue: Float64s


def corrected_forecast(
    value: CustomerValue, customers: Customers, summary: OrderSummary, weeks: Float64s | float
) -> OrdersAndRevenue:
    """What is expected within the next weeks, corrected, not yet recalibrated."""
    expected = expected_orders(value.order_model, summary, weeks)
    features = correction_features(value, customers, summary, expected, weeks).clip(*value.features_seen)
    spend = expected_spend(value.spend_model, customers.order_days, own_spend(customers))
    return OrdersAndRevenue(
        expected * log_linear(features, value.order_weights) * customers.order_lift,
        expected * spend * log_linear(features, value.revenue_weights) * customers.revenue_lift,
    )


def past_revenue_factor(value: CustomerValue, customers: Customers, revenue: Float64s) -> Float64s:
    """Factor that moves revenue forecasts half-way towards a customer's past revenue, and the revenue of all
    nowhere. revenue: of the reference weeks, from `corrected_forecast`."""
    past, coming = value.means
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (past_revenue(value, customers) / past) / (revenue / coming)
    factor = np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0) ** PAST_REVENUE_EXPONENT
    return np.asarray(factor.clip(1 / MOST_PAST_FACTOR, MOST_PAST_FACTOR))


def past_revenue(value: CustomerValue, customers: Customers) -> Float64s:
    """Money of all orders so far; a tenth of a usual order at least."""
    return np.asarray(np.maximum(customers.revenue, 0.1 * value.spend_model.shop_mean))


def own_spend(customers: Customers) -> Float64s:
    """Mean money of an order day."""
    return np.asarray(np.maximum(customers.revenue, 0.0) / customers.order_days)


def correction_features(
    value: CustomerValue,
    customers: Customers,
    summary: OrderSummary,
    expected: Float64s,
    weeks: Float64s | float,
) -> Float64s:
    """(n, features) float64: the features of the log-linear corrections."""
    shop = max(value.spend_model.shop_mean, 1e-9)
    own = own_spend(customers)
    spend = expected_spend(value.spend_model, customers.order_days, own) + 1e-3 * shop
    rare = expected_orders(value.rare_model, summary, weeks)
    return np.stack(
        [
            np.log(rare) - np.log(np.maximum(expected, 1e-12)),
            np.log(spend / shop),
            (summary.frequency == 0).astype(np.float64),
            np.log((summary.age - summary.recency + 1) / (summary.age + 1)),
            np.log1p(summary.frequency),
            np.log1p(summary.age),
            np.log((own + 0.1 * shop) / spend),
        ],
        axis=1,
    )


def log_linear(features: Float64s, weights: Float64s) -> Float64s:
    """exp(weights[0] + features weights[1:]), the exponent clipped to +-5."""
    return np.asarray(np.exp(np.clip(weights[0] + features @ weights[1:], -5.0, 5.0)))


def recalibrated(forecasts: Float64s, knots: Float64s) -> Float64s:
    """Maps forecasts to what they came to: linear between knots, in proportion outside of them."""
    before, after = knots
    within = np.interp(forecasts, before, after)
    low, high = forecasts * (after[0] / before[0]), forecasts * (after[-1] / before[-1])
    return np.asarray(np.where(forecasts < before[0], low, np.where(forecasts > before[-1], high, within)))
