"""What the customer-value model expects of each customer, as columns beside their past."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from features.home import Home
from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from recommender.value.customer_value import NO_DAY, CustomerValue, forecast
from recommender.value.value_intervals import intervals
from training.customers.sense import fit_sound_value
from training.data.history import load_history
from training.data.products import align
from training.ledger.touches import until

HORIZONS_DAYS = (90, 365)
FEWEST = 2  # customers with an order: of one alone nothing can be learned
AT_ONCE = 5_000  # customers whose intervals are drawn at a time


class Fitted(NamedTuple):
    """A model, and the customers in its rows."""

    value: CustomerValue
    customer_ids: list[str]


def forecasts(
    home: Home, catalogue: pl.DataFrame, as_of: date, fitted: Fitted | None = None
) -> pl.DataFrame | None:
    """customer, p_alive, churn_risk, expected_orders_90d, predicted_365d, predicted_low, predicted_high.

    Of customers who have ordered, money as the orders'; None where there are too few of them, or no
    forecast makes sense.
    fitted: on everything up to that day; else it is done now.
    """
    today = (as_of - date(1970, 1, 1)).days
    if fitted is None:
        fitted = _fit(home, catalogue, as_of)
    if fitted is None or np.count_nonzero(fitted.value.first_day != NO_DAY) < FEWEST:
        return None
    return predictions(fitted, today)


def fitted_in(home: Home, last_order: datetime) -> Fitted | None:
    """The model in the bundle that serves, if that was trained up to this order."""
    try:
        bundle = versions.load_current(home.models)
    except BadBundle:
        return None
    if bundle is None or bundle.tables.people is None:
        return None
    if datetime.fromisoformat(bundle.manifest.last_order) != last_order.replace(microsecond=0):
        return None
    names = bundle.tables.customers
    return Fitted(bundle.tables.people.value, [names.name(row) for row in range(len(names))])


def _fit(home: Home, catalogue: pl.DataFrame, as_of: date) -> Fitted | None:
    history = load_history(home, catalogue).before(until(as_of).timestamp())
    value = fit_sound_value(history, align(catalogue, history).cost).value
    return None if value is None else Fitted(value, history.customer_ids)


def predictions(fitted: Fitted, today: int) -> pl.DataFrame:
    """The columns of `forecasts`. today: days since 1970."""
    value = fitted.value
    ordered = np.flatnonzero(value.first_day != NO_DAY)
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
            "customer": [fitted.customer_ids[row] for row in ordered],
            "p_alive": found.p_alive,
            "churn_risk": found.churn_risk,
            "expected_orders_90d": found.orders[:, 0],
            "predicted_365d": found.revenue[:, 1],
            "predicted_low": low,
            "predicted_high": high,
        }
    )
