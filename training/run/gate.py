"""What a bundle must be before it may serve."""

from collections.abc import Iterator
from typing import Any

from recommender.model.bundle import Tables, flatten
from recommender.model.contents import broken_numbers
from training.settings import TrainingSettings

METRIC = "ndcg@10_full"


def objections(
    tables: Tables, metrics: dict[str, Any], running: dict[str, Any] | None, settings: TrainingSettings
) -> tuple[str, ...]:
    """Why these tables must not serve; empty where they may.

    metrics: `held_out.examine` of this bundle; running: of the one that serves now. None: nothing serves yet,
    and a first bundle that ranks worse than popularity is better than no answers.
    """
    return (
        *_broken_numbers(tables),
        *_nothing_to_show(tables, settings),
        *(() if running is None else _worse_than_popularity(metrics, settings)),
        *_worse_than_running(metrics, running or {}, settings),
    )


def _broken_numbers(tables: Tables) -> Iterator[str]:
    for name in broken_numbers(dict(flatten(tables))):
        yield f"{name} holds values that are no numbers; check the history for extreme quantities"


def _nothing_to_show(tables: Tables, settings: TrainingSettings) -> Iterator[str]:
    sold = tables.product.buyers > 0
    titled = float(tables.product.recommendable[sold].mean()) if sold.any() else 1.0
    if titled < settings.gate_coverage:
        yield (
            f"only {titled:.0%} of the products that were sold have a title; "
            "import the catalogue with `perennial import catalogue FILE`"
        )


def _worse_than_popularity(metrics: dict[str, Any], settings: TrainingSettings) -> Iterator[str]:
    for placement, result in _telling(metrics, settings):
        own, other = (result[name][METRIC]["value"] for name in ("perennial", "popularity"))
        if own < other * (1 - settings.gate_popularity_tolerance):
            yield f"`{placement}` ranks worse than plain popularity: {METRIC} {own:.4f} against {other:.4f}"


def _worse_than_running(
    metrics: dict[str, Any], running: dict[str, Any], settings: TrainingSettings
) -> Iterator[str]:
    for placement, result in _telling(metrics, settings):
        if placement not in dict(_telling(running, settings)):
            continue
        own, other = (metrics["perennial"][METRIC]["value"] for metrics in (result, running[placement]))
        if own < other * (1 - settings.gate_running_tolerance):
            yield (
                f"`{placement}` ranks worse than the model that serves: {METRIC} {own:.4f} "
                f"against {other:.4f}"
            )


def _telling(metrics: dict[str, Any], settings: TrainingSettings) -> Iterator[tuple[str, Any]]:
    """The placements with enough cases to judge by."""
    for placement, result in metrics.items():
        if result["cases"] >= settings.gate_min_cases:
            yield placement, result
