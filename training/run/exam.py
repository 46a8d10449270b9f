"""The shop's own last weeks as an examination: trained on what came before, asked what came then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.model.bundle import Bundle
from training.data.history import History
from training.measure.compare import Case, compare, popularity, recommended, spread
from training.settings import TrainingSettings

SHORT_HISTORY_SHARE = 0.2  # of the time
MOST_ORDERS_SHARE = 0.33  # of the order lines
MEASURES = "hr@10", "ndcg@10_full"
EXAMINED = "home", "cart"


def cut_time(history: History, settings: TrainingSettings) -> float:
    """Where the held-out part begins, epoch s: the last weeks, at most a fifth of a short history.

    And at most a third of the order lines, where most came of late.
    """
    times = history.purchases.timestamp
    span = int(times.max()) - int(times.min())
    weeks = float(times.max() - min(settings.holdout_days * DAY_S, SHORT_HISTORY_SHARE * span))
    few = np.sort(times)[int((1 - MOST_ORDERS_SHARE) * len(times)) - 1]  # later lines are few enough
    return min(max(weeks, float(few) + 1), float(times.max()))


def halves(
    tasks: Mapping[str, Sequence[Case]],
) -> tuple[dict[str, Sequence[Case]], dict[str, Sequence[Case]]]:
    """The earlier and the later half of each task's cases."""
    return (
        {task: cases[: len(cases) // 2] for task, cases in tasks.items()},
        {task: cases[len(cases) // 2 :] for task, cases in tasks.items()},
    )


def examine(
    tasks: Mapping[str, Sequence[Case]],
    bundle: Bundle,
    settings: TrainingSettings,
    report: Report = silent,
) -> dict[str, Any]:
    """Metrics of a bundle, beside popularity, on what came after it was trained.

    `home`: the next order of customers known before; `cart`: one hidden product of an order. Each holds
    {"cases": n, "perennial": metrics, "popularity": metrics}, and is left out where there is no case.
    """
    shown = bundle.tables.product.recommendable & bundle.tables.product.in_stock
    results: dict[str, Any] = {}
    for placement in EXAMINED:
        cases = spread(iter(tasks[placement]), settings.evaluation_cases, settings.seed)
        if cases:
            rankers = {"perennial": recommended(bundle), "popularity": popularity(bundle)}
            metrics = compare(cases, rankers, MEASURES, int(shown.sum()), seed=settings.seed, report=report)
            results[placement] = {"cases": len(cases), **metrics}
    return results
