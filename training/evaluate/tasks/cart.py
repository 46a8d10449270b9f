"""Carts: one product of a later order is hidden, to be found among the whole catalogue."""

from pathlib import Path
from time import monotonic

from features.home import Home
from features.progress import Report, silent
from training.errors import BadDataset
from training.evaluate.baselines.cart import cart_baselines
from training.evaluate.datasets.cart_cases import read_carts
from training.evaluate.datasets.interactions import evaluate_interactions, is_interactions
from training.evaluate.datasets.own_shop import read_shop
from training.evaluate.datasets.parquet import dataset_name
from training.evaluate.exam import Exam
from training.measure.result import Evaluation
from training.settings import TrainingSettings

CART_MEASURES = "hr@10", "ndcg@10_full", "mrr@10"
MOST_CARTS = 6_000  # a random sample of more


def evaluate_cart(
    source: Path | Home, seeds: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """The model that serves, trained on the earlier orders, compared with simple methods.

    Later orders are, in baskets.parquet, the marked last baskets; in events.parquet and in a home, those of
    the last 28 days (or a fifth of a shorter span) by customers known before. Orders of two products or more
    count; `seeds`: how many products of each are hidden, one at a time. A customer's later orders before the
    case are known to the model and to `own orders`. All tuning is on the earlier orders.
    """
    if isinstance(source, Path) and is_interactions(source):
        return evaluate_interactions(source, baselines, report)
    began = monotonic()
    exam = read_shop(source).carts(seeds) if isinstance(source, Home) else cart_exam(source, seeds)
    exam = exam.sampled(MOST_CARTS)
    bundle = exam.bundle(report)
    others = cart_baselines(exam.history, bundle, TrainingSettings()) if baselines else {}
    n_items = int(bundle.tables.product.recommendable.sum())
    metrics = exam.compared(bundle, others, CART_MEASURES, n_items, report=report)
    chosen = dict(zip(("ridge", "habit"), bundle.tables.cart_tuning.tolist(), strict=True))
    return Evaluation("cart", exam.dataset, metrics, len(exam.cases), monotonic() - began, chosen)


def cart_exam(dataset: Path, draws: int) -> Exam:
    """baskets.parquet or events.parquet."""
    carts = read_carts(dataset)
    history = carts.history()
    cases = list(carts.cases(history, draws))
    if not cases:
        raise BadDataset(f"{dataset} has no later order of two products by a customer known before")
    return Exam(dataset_name(dataset), history, cases)
