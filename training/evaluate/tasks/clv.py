"""Customer lifetime value: forecasts as of a day, compared with the orders and revenue after it."""

from datetime import datetime
from pathlib import Path
from time import monotonic

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.arrays.dtypes import Float64s
from recommender.value.customer_value import Customers, CustomerValue
from recommender.value.forecast import forecast
from recommender.value.order_models import NAMES
from recommender.value.value_intervals import intervals
from training.customers.rfm import OrderDays, order_days
from training.customers.value import fit_customer_value
from training.data.history import History
from training.errors import BadDataset
from training.evaluate.baselines.order_fits import plain_fits
from training.evaluate.datasets.order_history import read_orders
from training.ledger.touches import date_of_day, day_number
from training.measure.forecasts import forecast_metrics, largest_gap, share_covered
from training.measure.metrics import Metrics
from training.measure.result import Evaluation

FEWEST_DAYS = 28
TRUTH = "truth_customers.csv"


def evaluate_clv(
    source: Path | Home,
    baselines: bool = True,
    report: Report = silent,
    until: datetime | None = None,
) -> Evaluation:
    """Fit on the days up to `until` (else the quarter's end nearest the middle of the history), and forecast
    the orders and revenue of the customers known then for all days after it.

    Measures are of revenue; of order days in the rows that say so. `held_90`: the share of customers within
    their interval of 90 %. In a generated shop's home, its truth adds how far P(alive) is off in the worst
    tenth, and how often the intervals hold in the times that followed. Raises BadDataset.
    """
    began = monotonic()
    report("Reading orders", 0, 1)
    history = read_orders(source)
    truth = order_days(history)
    if not len(truth) or int(np.ptp(truth.day)) < FEWEST_DAYS:
        raise BadDataset(f"{_name(source)} holds no {FEWEST_DAYS} days of orders by known customers")
    cut = middle(truth) if until is None else day_number(until.date())
    report("Customer value", 0, 1)
    value = fit_customer_value(history.before((cut + 1) * DAY_S), until_day=cut)
    customers_with_orders = np.flatnonzero(value.order_days > 0).astype(np.int32)
    if not len(customers_with_orders) or cut >= truth.day.max():
        raise BadDataset("no order by a known customer lies before, or after, the day given with --until")
    metrics = _metrics(value, customers_with_orders, truth, cut, baselines)
    if isinstance(source, Home) and (source.root / "demo" / TRUTH).is_file():
        metrics["perennial"] |= against_truth(history, source.root / "demo" / TRUTH)
    return Evaluation(
        task="clv",
        dataset=_name(source),
        metrics=metrics,
        cases=len(customers_with_orders),
        seconds=round(monotonic() - began, 1),
        settings={
            "model": NAMES[int(value.model[0])],
            "parameters": ", ".join(f"{number:.4g}" for number in value.model[1:]),
            "known until": str(date_of_day(cut)),
            "days ahead": int(truth.day.max()) - cut,
            **(plain_fits(truth, cut) if baselines else {}),
        },
    )


def _name(source: Path | Home) -> str:
    return source.root.name if isinstance(source, Home) else source.name


def middle(days: OrderDays) -> int:
    """The last day of the quarter, or of the month where no quarter ends in time, that is nearest the middle
    of the history; the middle itself of a short one. Days since 1970."""
    first, last = int(days.day.min()), int(days.day.max())
    half, reach = (first + last) // 2, (last - first) // 6
    ends = [day for day in range(half - reach, half + reach + 1) if date_of_day(day + 1).day == 1]
    quarters = [day for day in ends if date_of_day(day + 1).month % 3 == 1]
    return min(quarters or ends or [half], key=lambda day: abs(day - half))


def _metrics(
    value: CustomerValue,
    customers_with_orders: NDArray[np.int32],
    truth: OrderDays,
    cut: int,
    baselines: bool,
) -> dict[str, Metrics]:
    later = truth.where(truth.day > cut)
    size, ahead = len(value.order_days), int(truth.day.max()) - cut
    orders = np.bincount(later.customer, minlength=size)[customers_with_orders].astype(np.float64)
    revenue = np.asarray(np.bincount(later.customer, later.revenue, size)[customers_with_orders], np.float64)
    customers = value.customers(customers_with_orders)
    forecasts = forecast(value, customers, cut, (ahead,))
    intervals_90 = intervals(value, customers, cut, forecasts, np.random.default_rng(0), (ahead,))
    forecasts_by_method = {"perennial": (forecasts.orders[:, 0], forecasts.revenue[:, 0])}
    if baselines:
        forecasts_by_method |= _simple(customers, cut, ahead)
    metrics = {name: forecast_metrics(money, revenue) for name, (_, money) in forecasts_by_method.items()}
    metrics |= {
        f"{name}, orders": forecast_metrics(count, orders) for name, (count, _) in forecasts_by_method.items()
    }
    metrics["perennial"]["held_90"] = {"value": share_covered(revenue, intervals_90.revenue[:, 0])}
    metrics["perennial, orders"]["held_90"] = {"value": share_covered(orders, intervals_90.orders[:, 0])}
    return metrics


def _simple(customers: Customers, cut: int, ahead: int) -> dict[str, tuple[Float64s, Float64s]]:
    """Name -> forecasts of (orders, revenue): as many as in the past, and at the past rate."""
    span = float(cut - customers.first_day.min() + 1)
    age = np.maximum(cut - customers.first_day, 1).astype(np.float64)
    return {
        "past revenue": (customers.order_days * (ahead / span), customers.revenue * (ahead / span)),
        "past rate": (
            (customers.order_days - 1) / age * ahead,
            customers.revenue / np.maximum(age, 28) * ahead,
        ),
    }


def against_truth(history: History, file: Path) -> Metrics:
    """P(alive) and the intervals of today, compared with a generated shop's truth about its customers."""
    today = history.until // DAY_S
    value = fit_customer_value(history)
    rows = {name: row for row, name in enumerate(history.customer_ids) if value.order_days[row] > 0}
    truth = pl.read_csv(file).filter(pl.col("customer_id").is_in(list(rows)))
    customers = value.customers(np.array([rows[name] for name in truth["customer_id"]], np.int32))
    horizons = (90, 365)
    forecasts = forecast(value, customers, today, horizons)
    intervals_90 = intervals(value, customers, today, forecasts, np.random.default_rng(0), horizons)
    measures: Metrics = {}
    if not np.isnan(forecasts.p_alive).any():  # else it is not known of anybody
        gap = largest_gap(forecasts.p_alive, truth["alive"].to_numpy().astype(np.float64))
        measures["p_alive_gap@10_truth"] = {"value": gap}
    for index, days in enumerate(horizons):
        for name, bounds in (("orders", intervals_90.orders), ("revenue", intervals_90.revenue)):
            actual = truth[f"{name}_next_{days}d"].to_numpy().astype(np.float64)
            share = share_covered(actual, bounds[:, index])
            measures[f"{name}_held_90@{days}d_truth"] = {"value": share}
    return measures
