"""Intervals of a customer's future orders and revenue: draws from the predictive distribution."""

from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.customer_value import Customers, CustomerValue, OrdersAndRevenue, own_spend
from recommender.value.forecast import HORIZONS_DAYS, Forecast, forecast
from recommender.value.order_models import (
    NBD,
    PARETO_NBD,
    OrderModel,
    OrderSummary,
    expected_orders,
    expected_spend,
    nbd_expected_stay,
    p_alive,
    posterior_b,
)
from recommender.value.own_history import OWN_MODEL, own_summary

DRAWS = 400
COVERAGE = 0.9


class Intervals(NamedTuple):
    """(n, horizons, 2): the ends of the interval that holds COVERAGE of the draws and what is expected; see
    `central_interval`."""

    orders: Float64s
    revenue: Float64s


def intervals(
    value: CustomerValue,
    customers: Customers,
    today: int,
    expected: Forecast,
    rng: np.random.Generator,
    horizons_days: tuple[int, ...] = HORIZONS_DAYS,
) -> Intervals:
    """For customers who have ordered. expected: their `forecast` for the same day and horizons."""
    orders, revenue = [], []
    for horizon, days in enumerate(horizons_days):
        means = OrdersAndRevenue(expected.orders[:, horizon], expected.revenue[:, horizon])
        weeks = float(value.calendar.weeks(today, today + days))
        drawn = draw(value, customers, today, weeks, means, rng)
        orders.append(around(means.orders, central_interval(drawn.orders)))
        revenue.append(around(means.revenue, central_interval(drawn.revenue)))
    return Intervals(np.stack(orders, axis=1), np.stack(revenue, axis=1))


def draw(
    value: CustomerValue,
    customers: Customers,
    today: int,
    weeks: float,
    expected: OrdersAndRevenue,
    rng: np.random.Generator,
) -> OrdersAndRevenue:
    """(n, DRAWS) each: orders and revenue from draws of a customer's rate, stay and spend.

    expected: (n) each, the means of the draws.
    """
    summary, apart = customers.summary(today, value.calendar), value.apart(customers)
    orders = np.empty((len(apart), DRAWS))
    for model, of, kept in (
        (value.order_model, summary, ~apart),
        (OWN_MODEL, own_summary(summary), apart),
    ):
        seen = of.where(kept)
        factor = expected.orders[kept] / np.maximum(expected_orders(model, seen, weeks), 1e-12)
        orders[kept] = draw_orders(model, seen, weeks, factor, rng)
    spend = value.spend_model
    shape = spend.q + spend.p * customers.order_days
    nu = rng.gamma(shape[:, None], size=orders.shape)
    scale = (spend.v + np.maximum(customers.revenue, 0.0))[:, None] / nu
    sums = rng.gamma(np.maximum(spend.p * orders, 1e-9)) * scale * (orders > 0)
    mean = expected.orders * expected_spend(spend, customers.order_days, own_spend(customers))
    return OrdersAndRevenue(orders, sums * (expected.revenue / np.maximum(mean, 1e-12))[:, None])


def draw_orders(
    model: OrderModel, summary: OrderSummary, weeks: float, factor: Float64s, rng: np.random.Generator
) -> Float64s:
    """(n, DRAWS). A customer who stays has a rate ~ Gamma(r + x, alpha + T), times a factor (n)."""
    shape = len(summary.age), DRAWS
    rate = rng.gamma((model.r + summary.frequency)[:, None], size=shape)
    rate *= (factor / (model.alpha + summary.age))[:, None]
    alive = rng.random(shape) < p_alive(model, summary)[:, None]
    if model.kind == NBD:
        return np.asarray(rng.poisson(rate * nbd_expected_stay(model, weeks)), np.float64)
    if model.kind == PARETO_NBD:
        leaving = rng.gamma(model.a, size=shape) / (model.b + summary.age)[:, None]
        stay = np.minimum(rng.exponential(size=shape) / np.maximum(leaving, 1e-300), weeks)
        return np.asarray(rng.poisson(rate * stay) * alive, np.float64)
    chance = rng.beta(model.a, posterior_b(model, summary.frequency)[:, None], size=shape).clip(1e-12, 1.0)
    until_leaving = np.ceil(np.log(rng.random(shape)) / np.log1p(-chance.clip(None, 1 - 1e-12)))
    return np.asarray(np.minimum(rng.poisson(rate * weeks), until_leaving) * alive, np.float64)


def central_interval(draws: Float64s) -> Float64s:
    """(n, 2): the ends of the middle COVERAGE of each row; from 0 on where the lower end is 0."""
    tail, n = (1 - COVERAGE) / 2, draws.shape[1]
    low, most, high = np.sort(draws, axis=1)[:, [round(share * n) for share in (tail, COVERAGE, 1 - tail)]].T
    return np.stack([low, np.where(low > 0, high, most)], axis=1)


def around(expected: Float64s, ends: Float64s) -> Float64s:
    """(n, 2): the intervals, widened to what is expected where that lies outside: few of many draws may make
    nearly all of a mean."""
    return np.stack([np.minimum(ends[:, 0], expected), np.maximum(ends[:, 1], expected)], axis=1)


QUANTILES = np.array([0.5, 0.05, 0.95])


def next_order_days(value: CustomerValue, customers: Customers, today: int) -> Float64s:
    """(n, 3) float64, days since 1970: the median day of the next order, and the ends of 90 %.

    While a customer stays, the time to the next order is Lomax: (alpha + T) ((1 - u)^(-1 / (r + x)) - 1),
    with the rate scaled by the corrections.
    """
    summary, calendar, apart = (
        customers.summary(today, value.calendar),
        value.calendar,
        value.apart(customers),
    )
    own = own_summary(summary)
    model, shape = (
        value.order_model,
        np.where(apart, OWN_MODEL.r + own.frequency, value.order_model.r + summary.frequency),
    )
    scale = np.where(apart, OWN_MODEL.alpha + own.age, model.alpha + summary.age)
    days = round(float(calendar.after(today, value.reference_weeks)[0])) - today
    weeks = float(calendar.weeks(today, today + days))
    expected = forecast(value, customers, today, (days,)).orders[:, 0]
    plain = np.where(apart, expected_orders(OWN_MODEL, own, weeks), expected_orders(model, summary, weeks))
    factor = np.maximum(expected / np.maximum(plain, 1e-12), 1e-3)
    wait = (scale / factor)[:, None] * np.expm1(-np.log1p(-QUANTILES) / shape[:, None])
    return calendar.after(today, wait)
