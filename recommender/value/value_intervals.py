"""How far a customer's orders and revenue may come out from what is expected: the predictive distribution."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.customer_value import (
    HORIZONS_DAYS,
    Customers,
    CustomerValue,
    Forecast,
    forecast,
    own_spend,
)
from recommender.value.order_models import (
    NBD,
    PARETO_NBD,
    OrderModel,
    Summary,
    expected_orders,
    expected_spend,
    lasting,
    p_alive,
    tries,
)

DRAWS = 400
COVERED = 0.9


class Intervals(NamedTuple):
    """(n, horizons, 2): lowest and highest of what holds COVERED of the draws; see `held`."""

    orders: Float64s
    revenue: Float64s


def intervals(
    value: CustomerValue,
    customers: Customers,
    today: int,
    found: Forecast,
    rng: np.random.Generator,
    horizons_days: tuple[int, ...] = HORIZONS_DAYS,
) -> Intervals:
    """Of customers who have ordered. found: their `forecast` for the same day and horizons."""
    orders, revenue = [], []
    for place, days in enumerate(horizons_days):
        expected = found.orders[:, place], found.revenue[:, place]
        weeks = float(value.clock.weeks(today, today + days))
        drawn = draw(value, customers, today, weeks, expected, rng)
        orders.append(held(drawn[0]))
        revenue.append(held(drawn[1]))
    return Intervals(np.stack(orders, axis=1), np.stack(revenue, axis=1))


def draw(
    value: CustomerValue,
    customers: Customers,
    today: int,
    weeks: float,
    expected: tuple[Float64s, Float64s],
    rng: np.random.Generator,
) -> tuple[Float64s, Float64s]:
    """(orders, revenue), (n, DRAWS) each: a customer's rate, stay and spend drawn from what is known of them.

    expected: orders and revenue, (n) each, about which the draws lie.
    """
    model, seen = value.order_model, customers.seen(today, value.clock)
    plain = expected_orders(model, seen, weeks)
    factor = expected[0] / np.maximum(plain, 1e-12)
    orders = draw_orders(model, seen, weeks, factor, rng)
    spend = value.spend_model
    shape = spend.q + spend.p * customers.order_days
    nu = rng.gamma(shape[:, None], size=orders.shape)
    scale = (spend.v + np.maximum(customers.revenue, 0.0))[:, None] / nu
    sums = rng.gamma(np.maximum(spend.p * orders, 1e-9)) * scale * (orders > 0)
    mean = expected[0] * expected_spend(spend, customers.order_days, own_spend(customers))
    return orders, np.asarray(sums * (expected[1] / np.maximum(mean, 1e-12))[:, None])


def draw_orders(
    model: OrderModel, seen: Summary, weeks: float, factor: Float64s, rng: np.random.Generator
) -> Float64s:
    """(n, DRAWS). A customer who stays has a rate ~ Gamma(r + x, alpha + T), times a factor (n)."""
    shape = len(seen.age), DRAWS
    rate = rng.gamma((model.r + seen.frequency)[:, None], size=shape)
    rate *= (factor / (model.alpha + seen.age))[:, None]
    alive = rng.random(shape) < p_alive(model, seen)[:, None]
    if model.kind == NBD:
        return np.asarray(rng.poisson(rate * lasting(model, weeks)), np.float64)
    if model.kind == PARETO_NBD:
        leaving = rng.gamma(model.a, size=shape) / (model.b + seen.age)[:, None]
        stay = np.minimum(rng.exponential(size=shape) / np.maximum(leaving, 1e-300), weeks)
        return np.asarray(rng.poisson(rate * stay) * alive, np.float64)
    chance = rng.beta(model.a, tries(model, seen.frequency)[:, None], size=shape).clip(1e-12, 1.0)
    until_leaving = np.ceil(np.log(rng.random(shape)) / np.log1p(-chance.clip(None, 1 - 1e-12)))
    return np.asarray(np.minimum(rng.poisson(rate * weeks), until_leaving) * alive, np.float64)


def held(draws: Float64s) -> Float64s:
    """(n, 2): lowest and highest of the middle COVERED of each row; from 0 on where nothing may well come."""
    tail, n = (1 - COVERED) / 2, draws.shape[1]
    low, most, high = np.sort(draws, axis=1)[:, [round(share * n) for share in (tail, COVERED, 1 - tail)]].T
    return np.stack([low, np.where(low > 0, high, most)], axis=1)


QUANTILES = np.array([0.5, 0.05, 0.95])


def next_order_days(value: CustomerValue, customers: Customers, today: int) -> Float64s:
    """(n, 3) float64, days since 1970: when half have ordered again, and the ends of 90 %.

    While a customer stays, the time to the next order is Lomax: (alpha + T) ((1 - u)^(-1 / (r + x)) - 1),
    at the rate that the corrections make of it.
    """
    model, seen, clock = value.order_model, customers.seen(today, value.clock), value.clock
    days = round(float(clock.after(today, value.reference_weeks)[0])) - today
    weeks = float(clock.weeks(today, today + days))
    found = forecast(value, customers, today, (days,)).orders[:, 0]
    factor = found / np.maximum(expected_orders(model, seen, weeks), 1e-12)
    shape = (model.r + seen.frequency)[:, None]
    wait = (model.alpha + seen.age)[:, None] * np.expm1(-np.log1p(-QUANTILES) / shape)
    return clock.after(today, wait / np.maximum(factor, 1e-3)[:, None])
