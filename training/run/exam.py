"""Evaluation on the shop's own last weeks, by a model trained on the time before."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.model.bundle import Bundle
from training.data.history import History
from training.measure.compare import Case, compare, popularity, recommended, spread
from training.settings import TrainingSettings

SHORT_HISTORY_SHARE = 0.2  # of the time is held out, at most
MOST_ORDERS_SHARE = 0.33  # of the order lines are held out, at most
EXAM_MEASURES = "hr@10", "ndcg@10_full"
EXAMINED = "next_order", "cart"


def cut_time(history: History, settings: TrainingSettings) -> float:
    """Where the held-out part begins, epoch s: the last weeks, but at most a fifth of the time and a third of
    the order lines."""
    times = history.purchases.timestamp
    span = int(times.max()) - int(times.min())
    weeks = float(times.max() - min(settings.holdout_days * DAY_S, SHORT_HISTORY_SHARE * span))
    newest_kept = np.sort(times)[int((1 - MOST_ORDERS_SHARE) * len(times)) - 1]
    return min(max(weeks, float(newest_kept) + 1), float(times.max()))


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
    """Metrics of a bundle and of popularity on cases from after its training.

    `next_order`: the next order of customers who ordered before; `cart`: one hidden product of an order. Each
    holds {"cases": n, "perennial": metrics, "popularity": metrics}, and is left out where there is no case.
    """
    is_shown = bundle.tables.product.recommendable & bundle.tables.product.in_stock
    results: dict[str, Any] = {}
    for placement in EXAMINED:
        cases = spread(iter(tasks[placement]), settings.evaluation_cases, settings.seed)
        if cases:
            rankers = {"perennial": recommended(bundle), "popularity": popularity(bundle)}
            metrics = compare(
                cases, rankers, EXAM_MEASURES, int(is_shown.sum()), seed=settings.seed, report=report
            )
            results[placement] = {"cases": len(cases), **metrics}
    return results
