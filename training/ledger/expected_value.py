"""What the customer-value model expects of each customer, as columns beside their past."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from features.home import Home
from recommender.arrays.id_map import IdMap
from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from recommender.value.customer_value import NO_DAY, CustomerValue
from recommender.value.forecast import Forecast, forecast
from recommender.value.segments import Rhythm
from recommender.value.value_intervals import intervals
from training.customers.rfm import order_days, summarise, until_day
from training.customers.sense import fit_sound_value
from training.customers.value import per_customer
from training.data.history import load_history
from training.data.products import align
from training.ledger.touches import day_number, until

REPORTED_DAYS = (90, 365)
FEWEST_WITH_ORDERS = 2  # with an order; fewer are too few to fit a model
BATCH = 5_000  # customers at a time: their forecasts take memory


class FittedValue(NamedTuple):
    """A model, and the customers in its rows."""

    value: CustomerValue
    customer_ids: list[str]


class ServingModel(NamedTuple):
    """The value model and the rhythm of the bundle that serves, and the customers that it knows."""

    value: CustomerValue
    customers: IdMap
    rhythm: Rhythm


def serving_model(home: Home) -> ServingModel | None:
    """Of the published bundle; None where there is none, or none with customers."""
    try:
        bundle = versions.load_current(home.models)
    except BadBundle:
        return None
    if bundle is None or bundle.tables.people is None:
        return None
    return ServingModel(bundle.tables.people.value, bundle.tables.customers, bundle.tables.people.rhythm)


def forecasts(
    home: Home, catalogue: pl.DataFrame, as_of: date, serving: ServingModel | None = None
) -> pl.DataFrame | None:
    """customer, p_alive (null: not known), churn_risk, expected_orders_90d, expected_orders_365d,
    predicted_365d, predicted_low, predicted_high, apart (bool, see `CustomerValue.apart`).

    A row for each customer who has ordered, money in their currency; None where they are too few, or no
    forecast makes sense.
    serving: the model to go by; where it is None, one is fitted on the history up to that day.
    """
    today = day_number(as_of)
    fitted = _up_to_date(serving, home, catalogue) if serving else _fit(home, catalogue, as_of)
    if fitted is None or np.count_nonzero(fitted.value.first_day != NO_DAY) < FEWEST_WITH_ORDERS:
        return None
    return predictions(fitted, today)


def _fit(home: Home, catalogue: pl.DataFrame, as_of: date) -> FittedValue | None:
    history = load_history(home, catalogue).before(until(as_of).timestamp())
    value = fit_sound_value(history, align(catalogue, history).cost).value
    return None if value is None else FittedValue(value, history.customer_ids)


def _up_to_date(serving: ServingModel, home: Home, catalogue: pl.DataFrame) -> FittedValue:
    """The serving model with the orders that came since: what profiles make of the live ones."""
    history = load_history(home, catalogue)
    cost, n_customers = align(catalogue, history).cost, len(history.customer_ids)
    columns = per_customer(summarise(order_days(history, cost), until_day(history)), n_customers)
    rows = np.array([serving.customers.row(name) for name in history.customer_ids], np.int64)
    for name in ("order_lift", "revenue_lift"):
        learned = np.append(getattr(serving.value, name), np.float32(1.0))
        columns[name] = learned[rows]  # NO_ROW takes the last
    return FittedValue(replace(serving.value, **columns), history.customer_ids)


def predictions(fitted: FittedValue, today: int) -> pl.DataFrame:
    """The columns of `forecasts`. today: days since 1970."""
    value = fitted.value
    ordered = np.flatnonzero(value.first_day != NO_DAY)
    customers = value.customers(ordered)
    rng, starts = np.random.default_rng(0), range(0, len(ordered), BATCH)
    batches = [customers.where(slice(start, start + BATCH)) for start in starts]
    parts = [forecast(value, batch, today, REPORTED_DAYS) for batch in batches]
    bounds = [
        intervals(value, batch, today, part, rng, REPORTED_DAYS).revenue[:, 1]
        for batch, part in zip(batches, parts, strict=True)
    ]
    expected = Forecast(*map(np.concatenate, zip(*parts, strict=True)))
    low, high = np.concatenate(bounds).T
    return pl.DataFrame(
        {
            "customer": [fitted.customer_ids[row] for row in ordered],
            "p_alive": pl.Series(expected.p_alive).fill_nan(None),
            "churn_risk": expected.churn_risk,
            "expected_orders_90d": expected.orders[:, 0],
            "expected_orders_365d": expected.orders[:, 1],
            "predicted_365d": expected.revenue[:, 1],
            "predicted_low": low,
            "predicted_high": high,
            "apart": value.apart(customers),
        }
    )
