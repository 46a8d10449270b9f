"""Carts: one product of a later order is hidden, and all others in the catalogue are ranked for its place."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

from features.progress import Report, silent
from training.errors import BadDataset
from training.evaluate.cart_baselines import cart_baselines
from training.evaluate.carts import read_carts
from training.evaluate.compare import compare, recommended, spread
from training.evaluate.interactions import evaluate_interactions, is_interactions
from training.evaluate.result import Evaluation
from training.evaluate.session import bundle_of
from training.settings import TrainingSettings

MEASURES = "hr@10", "ndcg@10_full"
AT_MOST = 6_000  # questions, a fair sample of more


def evaluate_cart(
    dataset: Path, seeds: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """The model that serves, trained on the earlier orders of a data set, beside simple methods.

    Later orders are, in baskets.parquet, the marked last baskets; in events.parquet, those of the last 28
    days (or a fifth of a shorter span) by customers known before. Orders of two products or more count;
    `seeds`: how often each is asked about. Own later orders are known to the model and to `own orders`
    when they lie before the one asked about. Nothing but the earlier orders tunes anything.
    """
    if is_interactions(dataset):
        return evaluate_interactions(dataset, baselines, report)
    began, settings, carts = monotonic(), TrainingSettings(), read_carts(dataset)
    history = carts.history()
    cases = spread(carts.questions(history, seeds), AT_MOST, settings.seed)
    if not cases:
        raise BadDataset(f"{dataset} has no later order of two products by a customer known before")
    bundle = bundle_of(history, report)
    rankers = {"perennial": recommended(bundle)}
    if baselines:
        rankers |= cart_baselines(history, bundle, settings)
    metrics = compare(cases, rankers, MEASURES, len(history.product_ids), seed=settings.seed, report=report)
    chosen = dict(zip(("ridge", "habit"), bundle.tables.cart_tuning.tolist(), strict=True))
    return Evaluation("cart", dataset.name, metrics, len(cases), monotonic() - began, chosen)
