"""What the customer-value model expects of each customer, as columns beside their past."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from features.home import Home
from recommender.customer_value import NEVER, CustomerValue, forecast
from recommender.value_intervals import intervals
from training.customers.value import fit_customer_value
from training.history import load_history
from training.products import align
from training.reports.ledger import until

HORIZONS_DAYS = (90, 365)
FEWEST = 2  # customers with an order: of one alone nothing can be learned
AT_ONCE = 5_000  # customers whose intervals are drawn at a time


def forecasts(home: Home, catalogue: pl.DataFrame, as_of: date) -> pl.DataFrame | None:
    """customer, p_alive, churn_risk, expected_orders_90d, predicted_365d, predicted_low, predicted_high.

    Of customers who have ordered, money as the orders'; None where there are too few of them.
    """
    history = load_history(home, catalogue).before(until(as_of).timestamp())
    lines = history.purchases
    if len(np.unique(lines.customer[lines.customer >= 0])) < FEWEST:
        return None
    today = (as_of - date(1970, 1, 1)).days
    return predictions(
        fit_customer_value(history, align(catalogue, history).cost), history.customer_ids, today
    )


def predictions(value: CustomerValue, customer_ids: list[str], today: int) -> pl.DataFrame:
    """The columns of `forecasts`. customer_ids: in IdMap order; today: days since 1970."""
    ordered = np.flatnonzero(value.first_day != NEVER)
    customers = value.customers(ordered)
    found = forecast(value, customers, today, HORIZONS_DAYS)
    rng = np.random.default_rng(0)
    ends = [
        intervals(
            value,
            customers.where(some),
            today,
            type(found)(*(part[some] for part in found)),
            rng,
            HORIZONS_DAYS,
        ).revenue[:, 1]
        for some in (slice(start, start + AT_ONCE) for start in range(0, len(ordered), AT_ONCE))
    ]
    low, high = np.concatenate(ends).T
    return pl.DataFrame(
        {
            "customer": [customer_ids[row] for row in ordered],
            "p_alive": found.p_alive,
            "churn_risk": found.churn_risk,
            "expected_orders_90d": found.orders[:, 0],
            "predicted_365d": found.revenue[:, 1],
            "predicted_low": low,
            "predicted_high": high,
        }
    )
