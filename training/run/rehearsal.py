"""A training without the last weeks: what is learned from these, and how good the result is on them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from features.progress import Report, silent
from recommender.arrays.dtypes import Float32s
from recommender.kernels.trees import Trees
from recommender.model.bundle import Bundle, Tables
from recommender.placements import fixed_weights
from training.data.history import History
from training.models.cart_ranking import fit_cart_trees, lists_of
from training.models.discovery import DiscoveryTuning, with_boost
from training.models.next_basket import NextBasketModel
from training.run.cases import cart_training_cases, evaluation_cases
from training.run.discovery import tune_discovery
from training.run.exam import cut_time, examine, halves
from training.run.manifest import manifest_of
from training.run.pipeline import WarmStart, build
from training.run.rest import with_rest
from training.run.source_weights import fit_source_weights
from training.run.tuning import tune
from training.settings import TrainingSettings

REHEARSED_PRODUCTS = 5_000  # of a large shop's cart model in a rehearsal: an eighth of the time
ALIKE = 0.85  # share of the order lines from which on what a rehearsal learned is not learned again


@dataclass(frozen=True)
class Rehearsal:
    """Results of a training without the last weeks, evaluated on them.

    metrics: empty where the history is too short; settings: as tuned; warm_start: what the training on all
    data need not learn again; source_figures: how good the source weights are; tuned: the settings that the
    search chose.
    """

    metrics: dict[str, Any]
    settings: TrainingSettings
    warm_start: WarmStart
    source_weights: Float32s
    cart_trees: Trees
    discovery: DiscoveryTuning = field(default_factory=DiscoveryTuning)
    source_figures: dict[str, Any] = field(default_factory=dict)
    tuned: dict[str, Any] = field(default_factory=dict)


def rehearse(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    tune_minutes: float = 0,
) -> Rehearsal:
    """Train on all but the last weeks, learn the source weights from these, and evaluate the result on them.

    A large shop rehearses on a sample of its customers.
    """
    sample = history.sample_customers(settings.rehearsal_lines, settings.seed)
    early = sample.before(cut := cut_time(sample, settings)) if len(sample.purchases) else sample
    if early is sample or not len(early.purchases):
        return Rehearsal({}, settings, WarmStart(), fixed_weights(), Trees.none())
    quick_settings = settings if sample is history else _with_few_products(settings)
    active, warm_start = sample.active_since(cut), WarmStart()

    def report_rehearsal(step: str, done: int, total: int) -> None:
        report(f"Rehearsal: {step}", done, total)

    tables, index = build(early, catalogue, quick_settings, report_rehearsal, warm_start, active)
    manifest = manifest_of("rehearsal", datetime.fromtimestamp(cut, UTC), early, tables, settings, {})
    tasks = evaluation_cases(sample, cut, tables, settings)
    learning, judging = halves(tasks)
    bundle, chosen = Bundle(manifest, tables, index), {}
    bundle, settings = with_rest([*learning["home"], *learning["cart"]], bundle, early, settings)
    if tune_minutes:
        tuned = tune(early, learning, judging, bundle, settings, tune_minutes, report)
        settings, bundle, chosen = tuned.settings, tuned.bundle, tuned.chosen
    training_cases = cart_training_cases(sample, cut, learning["cart"], judging["cart"], settings)
    report("Ordering carts", 0, 2)
    lists = lists_of(training_cases, bundle)
    trees = fit_cart_trees(lists, settings.seed)
    bundle = replace(bundle, tables=replace(bundle.tables, cart_trees=trees))
    discovery = tune_discovery(learning["home"], bundle, early, settings, report_rehearsal)
    bundle = Bundle(manifest, *with_boost(bundle.tables, early, discovery))
    weights, figures = fit_source_weights(learning, judging, bundle, settings, report)
    bundle = replace(bundle, tables=replace(bundle.tables, blends=weights))
    unlearned = {task: judging[task] if task in figures else cases for task, cases in tasks.items()}
    metrics = examine(unlearned, bundle, settings, report)
    report("Ordering carts", 1, 2)
    if len(trees):  # the evaluation is over, so its cases may be learned from, too
        trees = fit_cart_trees(lists.joined(lists_of(judging["cart"], bundle)), settings.seed)
    alike = len(early.purchases) >= ALIKE * len(sample.purchases)
    if alike and sample is history:  # the best ridge depends on the number of orders
        ridge, habit = bundle.tables.cart_tuning.tolist()
        settings = settings.model_copy(update={"ease_lambda": ridge, "cart_habit": habit})
    warm_start = _warm_start(warm_start, bundle.tables, alike=alike, sampled=sample is not history)
    return Rehearsal(metrics, settings, warm_start, weights, trees, discovery, figures, chosen)


def _warm_start(begun: WarmStart, tables: Tables, *, alike: bool, sampled: bool) -> WarmStart:
    """alike: the rehearsal had nearly all order lines; sampled: of some customers alone."""
    learned = NextBasketModel.of(tables.next_basket) if alike else None
    return replace(begun, next_basket=learned, factors=tables.factors if sampled else None)


def _with_few_products(settings: TrainingSettings) -> TrainingSettings:
    """For a sample of a large shop: the cart model's time grows with the cube of its products."""
    few = min(settings.ease_products, REHEARSED_PRODUCTS)
    return settings.model_copy(update={"ease_products": few})
