"""`fit_reorder`: learns from the gaps between purchases of a product when it will be bought again."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s
from recommender.value.reorder_timing import MAX_REPEATS, Habits, Reorder, due, gap_features
from training.data.history import OrderLines
from training.data.repeat import GAP_PRIOR_REPEATS, RATE_PRIOR_BUYERS, UNKNOWN_GAP_DAYS, shrunk

REWEIGHTINGS_OF_GAPS = 50
SMALLEST_ERROR = 0.05  # log days: smaller errors weigh as much as this one, or their weights were infinite
MOST_GAPS = 300_000  # a random sample of more is as good
HABITS_AT_ONCE = 500_000  # habits whose next days are computed at a time
FEWEST_GAPS = 20  # with fewer nothing is learned: the customer's shrunk own gap is the forecast
UNMEASURED_ERROR = np.log(4.0)  # a quarter to four times the forecast, where too few errors were measured
PAIR = ("customer", "item")


def fit_reorder(lines: OrderLines, category: NDArray[np.int32], n_customers: int) -> Reorder:
    """Habits of known customers, and weights that forecast the median of log gaps (least absolute errors).

    category: (n_items), -1 without one. Every gap of the history is forecast from those before it.
    """
    days = purchase_days(lines)
    today, before, gaps = _states(days)
    observed = days.filter(pl.col("gap").is_not_null())
    per_item = observed.group_by("item").agg(pl.len().alias("n"), pl.col("gap").log().mean().alias("value"))
    item_gap = shrunk(per_item, category, GAP_PRIOR_REPEATS, float(np.log(UNKNOWN_GAP_DAYS)))
    packs = days.group_by("item").agg(pl.len().alias("n"), pl.col("quantity").log().mean().alias("value"))
    item_packs = shrunk(packs, category, GAP_PRIOR_REPEATS, 0.0)
    weights, errors = learn_gaps(gap_features(item_gap, item_packs, before), np.log(gaps), before.times - 1)
    last = days.filter(pl.col("time").shift(-1, fill_value=0) == 0)
    buyers = last.group_by("item").agg(pl.len().alias("n"), (pl.col("time") > 0).mean().alias("value"))
    counts = np.bincount(last["customer"].to_numpy(), minlength=n_customers)
    table = Reorder(
        weights,
        errors,
        item_gap,
        shrunk(buyers, category, RATE_PRIOR_BUYERS, 0.0),
        item_packs,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        *today,
        expected=np.empty((len(today.item), 3), np.float32),
    )
    for start in range(0, len(today.item), HABITS_AT_ONCE):
        rows = slice(start, start + HABITS_AT_ONCE)
        table.expected[rows] = np.stack(due(table, today.where(rows), 0)[:3], axis=1)
    return table


def purchase_days(lines: OrderLines) -> pl.DataFrame:
    """customer, item, day, quantity of each day on which a known customer bought a product, in that order;
    time (0, 1, ...), first (the first day) and gap (days since the previous time, null for the first)."""
    own = lines.where(lines.customer >= 0)
    bought = {"customer": own.customer, "item": own.item, "day": own.day, "quantity": own.quantity}
    days = pl.DataFrame(bought).group_by(*PAIR, "day").agg(pl.col("quantity").sum()).sort(*PAIR, "day")
    gap, packs = pl.col("gap").log().fill_null(0.0), pl.col("quantity").cast(pl.Float64).log()
    return (
        days.with_columns(is_first=pl.any_horizontal(pl.col(PAIR).diff() != 0).fill_null(value=True))
        .with_columns(
            time=(pl.int_range(pl.len()) - _at_first(pl.int_range(pl.len()))).cast(pl.Int32),
            first=_at_first(pl.col("day")),
            gap=pl.when(~pl.col("is_first")).then(pl.col("day").diff()),
        )
        .with_columns(
            log_gaps=gap.cum_sum() - _at_first(gap.cum_sum()),
            log_packs=packs.cum_sum() - _at_first(packs.cum_sum() - packs),
        )
        .drop("is_first")
    )


def _at_first(value: pl.Expr) -> pl.Expr:
    """The value in the first row of the same customer and item. Window functions take six times as long."""
    return pl.when("is_first").then(value).forward_fill()


def _states(days: pl.DataFrame) -> tuple[Habits, Habits, Float64s]:
    """Habits today, habits before each repeat purchase, and the days until that purchase."""
    columns = {
        "item": np.int32,
        "time": np.int32,
        "first": np.int32,
        "day": np.int32,
        "log_gaps": np.float32,
        "gap": np.float32,
        "log_packs": np.float32,
        "quantity": np.float32,
    }
    values: list[Any] = [days[name].fill_null(0).to_numpy().astype(kind) for name, kind in columns.items()]
    values[1] = values[1] + np.int32(1)
    states = Habits(*values)
    is_first = days["time"].to_numpy() == 0
    is_last = np.append(is_first[1:], True) if len(days) else is_first
    before = np.flatnonzero(~is_last)
    gaps = (states.last_day[before + 1] - states.last_day[before]).astype(np.float64)
    return states.where(is_last), states.where(before), gaps


def learn_gaps(
    features: Float64s, log_gaps: Float64s, repeats: NDArray[np.int32]
) -> tuple[Float64s, Float64s]:
    """(weights, errors) of `Reorder`. Least absolute errors by reweighted least squares."""
    weights = np.zeros(features.shape[1] + 1)
    weights[1] = 1.0
    if len(log_gaps) >= FEWEST_GAPS:
        rows = np.arange(len(log_gaps))
        if len(rows) > MOST_GAPS:
            rows = np.random.default_rng(0).choice(rows, MOST_GAPS, replace=False)
        design = np.column_stack([np.ones(len(rows)), features[rows]])
        for _ in range(REWEIGHTINGS_OF_GAPS):
            weight = 1 / np.maximum(np.abs(log_gaps[rows] - design @ weights), SMALLEST_ERROR)
            hessian = (design * weight[:, None]).T @ design + 0.1 * np.eye(len(weights))
            gradient = design.T @ (weight * log_gaps[rows])
            gradient[1] += 0.1  # without data the weights are (0, 1, 0, ...): the shrunk own gap
            weights = np.linalg.solve(hessian, gradient)
    residuals = log_gaps - weights[0] - features @ weights[1:]
    return weights, error_quantiles(residuals, repeats)


def error_quantiles(residuals: Float64s, repeats: NDArray[np.int32]) -> Float64s:
    """(MAX_REPEATS + 1, 2): 5 % and 95 % quantiles by repeats so far, the last row for more; wide where
    hardly measured."""
    quantiles = np.array([[-UNMEASURED_ERROR, UNMEASURED_ERROR]] * (MAX_REPEATS + 1))
    for n_repeats in range(MAX_REPEATS + 1):
        measured = residuals[np.minimum(repeats, MAX_REPEATS) == n_repeats]
        if len(measured) >= FEWEST_GAPS:
            quantiles[n_repeats] = np.quantile(measured, [0.05, 0.95])
    return quantiles
