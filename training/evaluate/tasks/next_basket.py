"""The next order of customers with a history, predicted by `next_order` and by simpler methods."""

from pathlib import Path
from time import monotonic

import numpy as np

from features.home import Home
from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.context.request import Request
from training.evaluate.baselines.next_basket import basket_baselines
from training.evaluate.datasets.baskets import Baskets, read_baskets
from training.evaluate.datasets.own_shop import read_shop
from training.evaluate.datasets.parquet import dataset_name
from training.evaluate.exam import Exam
from training.measure.compare import Case
from training.measure.result import Evaluation

BASKET_MEASURES = ("recall@10", "ndcg@10_full", "ndcg@10_cut", "phr@10")


def evaluate_next_basket(
    source: Path | Home, seeds: int = 5, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """Train on all baskets but the targets, and predict these.

    Of a home: train on the time before its last weeks, and predict the first basket in them of each earlier
    customer, once. Tuning sees only the training data. What was bought lately is hidden as
    it is in serving. Metrics are means over the keysets' test customers.
    """
    began = monotonic()
    exam = (
        read_shop(source).next_baskets()
        if isinstance(source, Home)
        else last_baskets_of(dataset_name(source), read_baskets(source, seeds))
    )
    bundle = exam.bundle(report)
    others = basket_baselines(bundle, exam.history) if baselines else {}
    n_items = int(bundle.tables.product.recommendable.sum())
    metrics = exam.compared(bundle, others, BASKET_MEASURES, n_items, report=report)
    table = bundle.tables.next_basket
    decay, own_share = map(float, table.blend)
    chosen = {"decay": decay, "own share": own_share, "trees": len(table.trees)}
    return Evaluation(
        "next-basket", exam.dataset, metrics, len(exam.cases), round(monotonic() - began, 1), chosen
    )


def last_baskets_of(name: str, baskets: Baskets) -> Exam:
    """A case for each target basket, keyset after keyset."""
    history = baskets.history()
    rows = {product: row for row, product in enumerate(history.product_ids)}
    case_of = {
        customer: Case(
            Request("next_order", now=float(day * DAY_S), customer_id=customer),
            np.array([rows[product] for product in bought], np.int32),
        )
        for customer, day, bought in baskets.targets().iter_rows()
    }
    return Exam(name, history, [case_of[customer] for keyset in baskets.keysets for customer in keyset])
