"""What the customer-value model expects of each customer, as columns beside their past."""

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
from training.ledger.touches import day_number, until

REPORTED_DAYS = (90, 365)
FEWEST_WITH_ORDERS = 2  # with an order; fewer are too few to fit a model
INTERVAL_BATCH = 5_000  # customers whose intervals are drawn at a time


class FittedValue(NamedTuple):
    """A model, and the customers in its rows."""

    value: CustomerValue
    customer_ids: list[str]


def forecasts(
    home: Home, catalogue: pl.DataFrame, as_of: date, fitted: FittedValue | None = None
) -> pl.DataFrame | None:
    """customer, p_alive, churn_risk, expected_orders_90d, predicted_365d, predicted_low, predicted_high.

    A row for each customer who has ordered, money in their currency; None where they are too few, or no
    forecast makes sense.
    fitted: a model of the history up to that day; fitted here where it is None.
    """
    today = day_number(as_of)
    if fitted is None:
        fitted = _fit(home, catalogue, as_of)
    if fitted is None or np.count_nonzero(fitted.value.first_day != NO_DAY) < FEWEST_WITH_ORDERS:
        return None
    return predictions(fitted, today)


def fitted_in(home: Home, last_order: datetime) -> FittedValue | None:
    """The model of the published bundle, if it was trained up to this order."""
    try:
        bundle = versions.load_current(home.models)
    except BadBundle:
        return None
    if bundle is None or bundle.tables.people is None:
        return None
    if datetime.fromisoformat(bundle.manifest.last_order) != last_order.replace(microsecond=0):
        return None
    ids = bundle.tables.customers
    return FittedValue(bundle.tables.people.value, [ids.name(row) for row in range(len(ids))])


def _fit(home: Home, catalogue: pl.DataFrame, as_of: date) -> FittedValue | None:
    history = load_history(home, catalogue).before(until(as_of).timestamp())
    value = fit_sound_value(history, align(catalogue, history).cost).value
    return None if value is None else FittedValue(value, history.customer_ids)


def predictions(fitted: FittedValue, today: int) -> pl.DataFrame:
    """The columns of `forecasts`. today: days since 1970."""
    value = fitted.value
    ordered = np.flatnonzero(value.first_day != NO_DAY)
    customers = value.customers(ordered)
    expected = forecast(value, customers, today, REPORTED_DAYS)
    rng = np.random.default_rng(0)
    batches = (slice(start, start + INTERVAL_BATCH) for start in range(0, len(ordered), INTERVAL_BATCH))
    bounds = [
        intervals(
            value,
            customers.where(batch),
            today,
            type(expected)(*(part[batch] for part in expected)),
            rng,
            REPORTED_DAYS,
        ).revenue[:, 1]
        for batch in batches
    ]
    low, high = np.concatenate(bounds).T
    return pl.DataFrame(
        {
            "customer": [fitted.customer_ids[row] for row in ordered],
            "p_alive": expected.p_alive,
            "churn_risk": expected.churn_risk,
            "expected_orders_90d": expected.orders[:, 0],
            "predicted_365d": expected.revenue[:, 1],
            "predicted_low": low,
            "predicted_high": high,
        }
    )
