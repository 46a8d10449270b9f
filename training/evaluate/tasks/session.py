"""The next product of a visit: every view of the later visits is predicted from the views before it."""

from pathlib import Path
from time import monotonic

import polars as pl

from features.home import Home
from features.progress import Report, silent
from training.data.history import history_of
from training.errors import BadDataset
from training.evaluate.baselines.session import session_baselines
from training.evaluate.datasets.looks import as_views, read_looks, view_cases
from training.evaluate.datasets.own_shop import read_shop
from training.evaluate.datasets.parquet import dataset_name
from training.evaluate.exam import Exam
from training.measure.result import Evaluation

SESSION_MEASURES = "mrr@20", "hr@20", "ndcg@20_full"
MOST_LOOKS = 6_000  # a fair sample of more


def evaluate_session(
    source: Path | Home, seeds: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """Rank the whole catalogue after each prefix of each later visit: of the split `test`, or a home's last
    weeks.

    The model chooses its settings on the newest training visits; `valid` is left out, as it overlaps the
    test in time. Nothing is drawn by lot but the intervals: `seeds` is that of their bootstrap.
    Raises BadDataset.
    """
    began = monotonic()
    exam = (read_shop(source).visits() if isinstance(source, Home) else visit_exam(source)).sampled(
        MOST_LOOKS
    )
    bundle = exam.bundle(report)
    others = session_baselines(exam.history.visits, bundle) if baselines else {}
    n_shown = int(bundle.tables.product.recommendable.sum())
    metrics = exam.compared(bundle, others, SESSION_MEASURES, n_shown, seeds, report)
    tables, names = bundle.tables, ("fade", "back", "again")
    chosen = dict(zip(names, tables.sessions.habits.tolist(), strict=True)) | {
        "trees": len(tables.visit_trees)
    }
    return Evaluation("session", exam.dataset, metrics, len(exam.cases), monotonic() - began, chosen)


def visit_exam(dataset: Path) -> Exam:
    """sessions.parquet: learn from `train`, ask about `test`."""
    looks = read_looks(dataset)
    history = history_of(as_views(looks.filter(pl.col("split") == "train")), looks["product_id"])
    if not len(history.visits):
        raise BadDataset(f"{dataset} has no visit in the split `train`")
    cases = list(view_cases(looks.filter(pl.col("split") == "test"), history.product_ids))
    if not cases:
        raise BadDataset(f"{dataset} has no visit of two looks or more in the split `test`")
    return Exam(dataset_name(dataset), history, cases)
