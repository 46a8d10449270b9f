"""Which kind of order model forecasts windows of a shop's own past best."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.business_calendar import BusinessCalendar
from recommender.value.order_models import (
    BG_NBD,
    MBG_NBD,
    NBD,
    PARETO_NBD,
    OrderModel,
    OrderSummary,
    expected_orders,
)
from training.customers.fit import fit_order_model, likelihood
from training.customers.rfm import OrderDays, Rfm, summarise

MODEL_KINDS = (PARETO_NBD, MBG_NBD, BG_NBD)
PRIOR = 1.0  # see `fit_order_model`
YEAR_WEEKS = 52.0
FEWEST_REPEATERS = 5  # customers who came again, for any model
FALLBACK = OrderModel(NBD, 0.3, 26.0, 0.0, 0.0)  # few repeat, and rarely: where there are no data to fit on
WINDOW_SHARES = (0.5, 0.6, 0.7, 0.8)  # of the history, where windows begin; all of them end today
FEWEST_IN_WINDOW = 30  # a window that begins with fewer is left out
SHORTEST_WEEKS = 2.0


@dataclass(frozen=True)
class Window:
    """rfm: the customers at the end of day `cut`; orders and revenue: theirs in the `weeks` after it."""

    cut: int
    weeks: float
    rfm: Rfm
    orders: Float64s
    revenue: Float64s


def windows(days: OrderDays, until_day: int, calendar: BusinessCalendar) -> Iterator[Window]:
    """The windows of a history that are long enough and have enough customers."""
    begin = int(days.day.min()) if len(days) else until_day
    for share in WINDOW_SHARES:
        cut = begin + int(share * (until_day - begin))
        weeks = float(calendar.weeks(cut, until_day))
        rfm = summarise(days.before(cut + 1), cut, calendar)
        if weeks >= SHORTEST_WEEKS and len(rfm) >= FEWEST_IN_WINDOW:
            yield window(days, rfm, cut, until_day, weeks)


def window(days: OrderDays, rfm: Rfm, cut: int, until_day: int, weeks: float) -> Window:
    """Orders and revenue of the customers in `rfm` after day `cut`, up to and with `until_day`."""
    later = days.where((days.day > cut) & (days.day <= until_day))
    size = 1 + int(max(rfm.customer.max(initial=-1), later.customer.max(initial=-1)))
    orders = np.bincount(later.customer, minlength=size)[rfm.customer].astype(np.float64)
    revenue = np.asarray(np.bincount(later.customer, later.revenue, size)[rfm.customer], np.float64)
    return Window(cut, weeks, rfm, orders, revenue)


def fit_or_guess(kind: int, summary: OrderSummary) -> OrderModel:
    """The likeliest model of a kind; FALLBACK where too few customers ordered again.

    NBD says that nobody ever leaves. Where that was fitted on a year or more, its `b` damps forecasts that
    look further ahead than the oldest customer's age. A shorter history may lack its season as well, which
    errs the other way, so it is not damped.
    """
    if np.count_nonzero(summary.frequency) < FEWEST_REPEATERS:
        return FALLBACK
    model = fit_order_model(kind, summary, PRIOR).model
    return (
        model._replace(b=float(summary.age.max())) if model.kind == NBD and covers_a_year(summary) else model
    )


def covers_a_year(summary: OrderSummary) -> bool:
    """Whether the oldest customer first ordered a year ago or more."""
    return bool(summary.age.max(initial=0.0) >= YEAR_WEEKS)


def choose_model(windows: list[Window]) -> tuple[int, list[OrderModel]]:
    """The kind, and its model fitted before each window. Without windows: Pareto/NBD.

    Of the kinds whose forecasts of the windows are not significantly worse than the best, it is the one with
    the highest likelihood on the data before the last window.
    """
    if not windows:
        return PARETO_NBD, []
    models_of = {kind: [fit_or_guess(kind, window.rfm.summary) for window in windows] for kind in MODEL_KINDS}
    scores = {kind: log_scores(windows, models) for kind, models in models_of.items()}
    best = max(scores.values(), key=lambda score: score.sum())
    as_good = [kind for kind in MODEL_KINDS if _as_good(scores[kind], best, len(windows))]
    chosen = max(as_good, key=lambda kind: likelihood(windows[-1].rfm.summary, models_of[kind][-1]))
    return chosen, models_of[chosen]


def log_scores(windows: list[Window], models: list[OrderModel]) -> Float64s:
    """Of each customer of each window: Poisson log-likelihood of their orders, once the forecasts are scaled
    to the right total."""
    forecasts = [
        expected_orders(model, window.rfm.summary, window.weeks)
        for window, model in zip(windows, models, strict=True)
    ]
    expected: Float64s = np.maximum(np.concatenate(forecasts), 1e-9)
    actual = np.concatenate([window.orders for window in windows])
    level = max(actual.sum(), 1.0) / expected.sum()
    return np.asarray(actual * np.log(level * expected) - level * expected)


def _as_good(score: Float64s, best: Float64s, n_windows: int) -> bool:
    """Whether a score is within two standard errors of the best; overlapping windows count as one."""
    shortfall = best - score
    error = shortfall.std() * np.sqrt(len(shortfall) * n_windows)
    return bool(shortfall.sum() <= 2 * error)
