"""What is expected of customers, from their own numbers on request: so a live order moves it at once."""

from typing import NamedTuple

import numpy as np

from features.time_units import WEEK_DAYS
from recommender.arrays.dtypes import Float64s
from recommender.value.customer_value import (
    NO_DAY,
    Customers,
    CustomerValue,
    corrected_forecast,
    own_spend,
    past_revenue_factor,
    recalibrated,
)
from recommender.value.order_models import NBD, OrderSummary, expected_orders, expected_spend, p_alive
from recommender.value.own_history import own_orders, own_p_alive, own_share

HORIZONS_DAYS = (30, 90, 365)
DAYS_90, DAYS_365 = HORIZONS_DAYS.index(90), HORIZONS_DAYS.index(365)
YEARS_AT_ONCE, YEARS_CACHED = 64, 20_000  # customers; blocks of them, of half a kilobyte each
CHURN_HORIZON_WEEKS = 90 / WEEK_DAYS  # the time over which churn risk compares
MOST_TIMES_SPEND = 2.0  # of a customer's expected spend, or half of it: at most, at least, of an order


class Forecast(NamedTuple):
    """(n) float64 of customers who have ordered, or (n, horizons).

    orders, revenue, margin (money; NaN where no cost is known): expected from today on. p_alive: chance
    of not having left (NaN: not known); churn_risk: 1 less the orders expected now over those right after
    the last order.
    """

    p_alive: Float64s
    churn_risk: Float64s
    orders: Float64s
    revenue: Float64s
    margin: Float64s


def forecast(
    value: CustomerValue, customers: Customers, today: int, horizons_days: tuple[int, ...] = HORIZONS_DAYS
) -> Forecast:
    """The forecast for customers who have ordered. today: days since 1970; horizons ascending.

    Each customer has one money of an order, whatever the horizon: revenue is orders times that, and both grow
    with the horizon.
    """
    summary = customers.summary(today, value.calendar)
    orders = orders_ahead(value, customers, summary, today, horizons_days)
    revenue = orders * _order_value(value, customers, summary)[:, None]
    margin = np.where(np.isnan(customers.margin), value.margin[0], customers.margin)
    return Forecast(
        known_p_alive(value, customers, summary),
        churn_risk(value, customers, summary),
        orders,
        revenue,
        revenue * margin[:, None],
    )


def orders_ahead(
    value: CustomerValue,
    customers: Customers,
    summary: OrderSummary,
    today: int,
    horizons_days: tuple[int, ...] = HORIZONS_DAYS,
) -> Float64s:
    """(n, horizons) float64: the orders of a `forecast`, without the rest of it."""
    horizons = np.array(horizons_days)
    each = np.repeat(np.arange(len(summary.age)), len(horizons))
    weeks = np.tile(value.calendar.weeks(today, today + horizons), len(summary.age))
    ahead = _orders_within(value, customers.where(each), summary.where(each), weeks)
    return np.asarray(
        np.maximum.accumulate(np.minimum(ahead.reshape(-1, len(horizons)), horizons), axis=1), np.float64
    )


def orders_in_a_year(value: CustomerValue, row: int, today: int) -> float:
    """Those of a customer as of the training who has ordered, today not before. Worked out once a day for
    YEARS_AT_ONCE neighbours, which costs hardly more than for one."""
    block, key = row // YEARS_AT_ONCE, (row // YEARS_AT_ONCE, today)
    if key not in value.years_ahead:
        if len(value.years_ahead) >= YEARS_CACHED:
            value.years_ahead.clear()
        value.years_ahead[key] = _years(
            value, slice(block * YEARS_AT_ONCE, (block + 1) * YEARS_AT_ONCE), today
        )
    return float(value.years_ahead[key][row % YEARS_AT_ONCE])


def _years(value: CustomerValue, rows: slice, today: int) -> Float64s:
    """(n) orders in a year; 0 of who never ordered."""
    customers = value.customers(rows)
    orders, ordered = np.zeros(len(customers.first_day)), np.flatnonzero(customers.first_day != NO_DAY)
    some = customers.where(ordered)
    orders[ordered] = orders_ahead(value, some, some.summary(today, value.calendar), today)[:, DAYS_365]
    return orders


def _orders_within(
    value: CustomerValue, customers: Customers, summary: OrderSummary, weeks: Float64s
) -> Float64s:
    """Orders within the next weeks (n), corrected and recalibrated; of customers apart, neither. The knots
    are of the reference weeks."""
    scale = weeks / value.reference_weeks[0]
    orders = corrected_forecast(value, customers, summary, weeks).orders
    usual = recalibrated(orders / scale, value.order_knots) * scale
    apart = value.apart(customers)
    return np.where(apart, model_orders(value, customers, summary, weeks), usual) if apart.any() else usual


def _order_value(value: CustomerValue, customers: Customers, summary: OrderSummary) -> Float64s:
    """(n) money of an order to come: revenue over orders of the reference weeks, within MOST_TIMES_SPEND of
    the spend model's; of customers apart their own mean."""
    orders, revenue = corrected_forecast(value, customers, summary, float(value.reference_weeks[0]))
    revenue = recalibrated(revenue * past_revenue_factor(value, customers, revenue), value.revenue_knots)
    money = revenue / np.maximum(recalibrated(orders, value.order_knots), 1e-12)
    spend = expected_spend(value.spend_model, customers.order_days, own_spend(customers))
    own = own_share(customers.order_days)
    return np.where(
        value.apart(customers),
        own * own_spend(customers) + (1 - own) * spend,
        money.clip(spend / MOST_TIMES_SPEND, spend * MOST_TIMES_SPEND),
    )


def model_orders(
    value: CustomerValue, customers: Customers, summary: OrderSummary, weeks: Float64s | float
) -> Float64s:
    """Orders within the next weeks, nothing corrected: by the shop's model, of customers apart by their own
    history."""
    shop = expected_orders(value.order_model, summary, weeks)
    share = np.where(value.apart(customers), own_share(summary.frequency), 0.0)
    return np.asarray(share * own_orders(summary, weeks) + (1 - share) * shop)


def known_p_alive(value: CustomerValue, customers: Customers, summary: OrderSummary) -> Float64s:
    """Chance of not having left for good; NaN where the shop's model is NBD, which knows nobody who left."""
    if value.order_model.kind == NBD:
        return np.full(len(summary.age), np.nan)
    share = np.where(value.apart(customers), own_share(summary.frequency), 0.0)
    return np.asarray(share * own_p_alive(summary) + (1 - share) * p_alive(value.order_model, summary))


def churn_risk(value: CustomerValue, customers: Customers, summary: OrderSummary) -> Float64s:
    """0 right after an order; towards 1 the longer a customer of that rhythm has not ordered."""
    just_ordered = OrderSummary(summary.frequency, summary.recency, summary.recency)
    fresh = model_orders(value, customers, just_ordered, CHURN_HORIZON_WEEKS)
    now = model_orders(value, customers, summary, CHURN_HORIZON_WEEKS)
    return np.asarray(np.clip(1 - now / np.maximum(fresh, 1e-300), 0.0, 1.0))
