"""Which kind of model foretells a shop's own past best."""

from __future__ import annotations

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import (
    BG_NBD,
    MBG_NBD,
    NBD,
    PARETO_NBD,
    OrderModel,
    Summary,
    expected_orders,
)
from training.customers.fit import fit, likelihood
from training.customers.windows import Window

KINDS = (PARETO_NBD, MBG_NBD, BG_NBD)
PRIOR = 1.0  # see `fit`
YEAR_WEEKS = 52.0
FEWEST_REPEATERS = 5  # customers who came again, for any model
GUESS = OrderModel(NBD, 0.3, 26.0, 0.0, 0.0)  # of a shop that cannot tell: few repeat, and rarely


def fit_or_guess(kind: int, seen: Summary) -> OrderModel:
    """The likeliest model of a kind; a careful guess where hardly anybody came again.

    Where a year showed nobody leaving, NBD doubts what lies as far ahead as that. Of less than a year nobody
    knows what the rest of it adds either, and the two doubts pull in opposite directions.
    """
    if np.count_nonzero(seen.frequency) < FEWEST_REPEATERS:
        return GUESS
    model = fit(kind, seen, PRIOR).model
    return model._replace(b=float(seen.age.max())) if model.kind == NBD and saw_a_year(seen) else model


def saw_a_year(seen: Summary) -> bool:
    """Whether the shop knows its customers for that long."""
    return bool(seen.age.max(initial=0.0) >= YEAR_WEEKS)


def choose_model(found: list[Window]) -> tuple[int, list[OrderModel]]:
    """The kind, and that model as of each window's day. Without windows: Pareto/NBD.

    Of the kinds that foretold the windows as well as the best, as far as chance can tell, it is the one
    likeliest on what came before them.
    """
    if not found:
        return PARETO_NBD, []
    tried = {kind: [fit_or_guess(kind, each.known.seen) for each in found] for kind in KINDS}
    scores = {kind: log_scores(found, models) for kind, models in tried.items()}
    best = max(scores.values(), key=lambda score: score.sum())
    equal = [kind for kind in KINDS if _as_good(scores[kind], best, len(found))]
    chosen = max(equal, key=lambda kind: likelihood(found[-1].known.seen, tried[kind][-1]))
    return chosen, tried[chosen]


def log_scores(found: list[Window], models: list[OrderModel]) -> Float64s:
    """Of each customer of each window: Poisson log-likelihood of what came, at the level that came."""
    forecasts = [
        expected_orders(model, each.known.seen, each.weeks) for each, model in zip(found, models, strict=True)
    ]
    said: Float64s = np.maximum(np.concatenate(forecasts), 1e-9)
    came = np.concatenate([each.orders for each in found])
    level = max(came.sum(), 1.0) / said.sum()
    return np.asarray(came * np.log(level * said) - level * said)


def _as_good(score: Float64s, best: Float64s, n_windows: int) -> bool:
    """Within two standard errors; windows that overlap count as one."""
    behind = best - score
    error = behind.std() * np.sqrt(len(behind) * n_windows)
    return bool(behind.sum() <= 2 * error)
