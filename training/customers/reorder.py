"""`fit_reorder`: from what was bought again, and after how long, when it will be bought again."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s
from recommender.value.reorder_timing import MAX_REPEATS, Habits, Reorder, due, gap_features
from training.data.history import OrderLines
from training.data.repeat import GAP_PRIOR, RATE_PRIOR_BUYERS, UNKNOWN_GAP_DAYS, shrunk

STEPS = 50
NEAR = 0.05  # log days within which errors count alike, where absolute ones have no slope
MOST_GAPS = 300_000  # a fair sample of them teaches as well
AT_ONCE = 500_000  # habits whose days are worked out at a time
FEWEST_GAPS = 20  # fewer teach nothing: the shrunk own gap stands
WIDE = np.log(4.0)  # of errors nobody has measured: a quarter of the time to four times
PAIR = ("customer", "item")


def fit_reorder(lines: OrderLines, category: NDArray[np.int32], n_customers: int) -> Reorder:
    """Habits of known customers, and weights that foretell the middle of log gaps (least absolute errors).

    category: (n_items), -1 without one. Every gap of the history is foretold from those before it.
    """
    days = purchase_days(lines)
    now, then, gaps = _states(days)
    observed = days.filter(pl.col("gap").is_not_null())
    per_item = observed.group_by("item").agg(pl.len().alias("n"), pl.col("gap").log().mean().alias("value"))
    item_gap = shrunk(per_item, category, GAP_PRIOR, float(np.log(UNKNOWN_GAP_DAYS)))
    packs = days.group_by("item").agg(pl.len().alias("n"), pl.col("quantity").log().mean().alias("value"))
    item_packs = shrunk(packs, category, GAP_PRIOR, 0.0)
    weights, errors = learn_gaps(gap_features(item_gap, item_packs, then), np.log(gaps), then.times - 1)
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
        *now,
        expected=np.empty((len(now.item), 3), np.float32),
    )
    for start in range(0, len(now.item), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        table.expected[some] = np.stack(due(table, now.where(some), 0)[:3], axis=1)
    return table


def purchase_days(lines: OrderLines) -> pl.DataFrame:
    """customer, item, day, quantity of each day on which a known customer bought a product, in that order;
    time (0 for the first), first and gap (days since the last time, null for the first)."""
    own = lines.where(lines.customer >= 0)
    bought = {"customer": own.customer, "item": own.item, "day": own.day, "quantity": own.quantity}
    days = pl.DataFrame(bought).group_by(*PAIR, "day").agg(pl.col("quantity").sum()).sort(*PAIR, "day")
    gap, packs = pl.col("gap").log().fill_null(0.0), pl.col("quantity").cast(pl.Float64).log()
    return (
        days.with_columns(begun=pl.any_horizontal(pl.col(PAIR).diff() != 0).fill_null(value=True))
        .with_columns(
            time=(pl.int_range(pl.len()) - _at_first(pl.int_range(pl.len()))).cast(pl.Int32),
            first=_at_first(pl.col("day")),
            gap=pl.when(~pl.col("begun")).then(pl.col("day").diff()),
        )
        .with_columns(
            log_gaps=gap.cum_sum() - _at_first(gap.cum_sum()),
            log_packs=packs.cum_sum() - _at_first(packs.cum_sum() - packs),
        )
        .drop("begun")
    )


def _at_first(value: pl.Expr) -> pl.Expr:
    """The value in the first row of each row's customer and item: windows take six times as long."""
    return pl.when("begun").then(value).forward_fill()


def _states(days: pl.DataFrame) -> tuple[Habits, Habits, Float64s]:
    """Habits today, habits before each purchase that followed, and the days until it did."""
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
    first = days["time"].to_numpy() == 0
    ends = np.append(first[1:], True) if len(days) else first
    before = np.flatnonzero(~ends)
    gaps = (states.last_day[before + 1] - states.last_day[before]).astype(np.float64)
    return states.where(ends), states.where(before), gaps


def learn_gaps(
    features: Float64s, log_gaps: Float64s, repeats: NDArray[np.int32]
) -> tuple[Float64s, Float64s]:
    """(weights, errors) of `Reorder`. Least absolute errors by reweighted least squares."""
    weights = np.zeros(features.shape[1] + 1)
    weights[1] = 1.0
    if len(log_gaps) >= FEWEST_GAPS:
        at = np.arange(len(log_gaps))
        if len(at) > MOST_GAPS:
            at = np.random.default_rng(0).choice(at, MOST_GAPS, replace=False)
        design = np.column_stack([np.ones(len(at)), features[at]])
        for _ in range(STEPS):
            trust = 1 / np.maximum(np.abs(log_gaps[at] - design @ weights), NEAR)
            bend = (design * trust[:, None]).T @ design + 0.1 * np.eye(len(weights))
            pull = design.T @ (trust * log_gaps[at])
            pull[1] += 0.1  # with nothing learned, the shrunk own gap stands
            weights = np.linalg.solve(bend, pull)
    missed = log_gaps - weights[0] - features @ weights[1:]
    return weights, error_ends(missed, repeats)


def error_ends(missed: Float64s, repeats: NDArray[np.int32]) -> Float64s:
    """(MAX_REPEATS + 1, 2): 5 % and 95 % quantiles by repeats so far; wide where too few were measured."""
    ends = np.array([[-WIDE, WIDE]] * (MAX_REPEATS + 1))
    for known in range(MAX_REPEATS + 1):
        own = missed[np.minimum(repeats, MAX_REPEATS) == known]
        if len(own) >= FEWEST_GAPS:
            ends[known] = np.quantile(own, [0.05, 0.95])
    return ends
