"""The day of a customer's next order, of those who have not left."""

from __future__ import annotations

import numpy as np

from recommender.customer_value import Customers, CustomerValue, forecast
from recommender.order_models import Floats, expected_orders

QUANTILES = np.array([0.5, 0.05, 0.95])


def next_order_days(value: CustomerValue, customers: Customers, today: int) -> Floats:
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
