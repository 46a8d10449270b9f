"""The next order of customers with a history, foretold by what serves e-mails and by simpler methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue import schema
from features.progress import Report, silent
from recommender.boosting import Trees
from recommender.bundle import Bundle
from recommender.candidates import Candidates, neighbours_of
from recommender.next_basket import past_of
from recommender.personal import fold_in, taste_of
from recommender.request import Request, Situation
from recommender.tables import Neighbours
from training.evaluate.baskets import Baskets, read_baskets
from training.evaluate.compare import Case, Ranker, compare, popularity, recommended
from training.evaluate.metrics import Metrics, Ranked, estimate, ranks, recall, top
from training.evaluate.result import Evaluation
from training.evaluate.up_cf import tuned_up_cf
from training.history import DAY, History
from training.next_basket import baskets_of, customer_items, last_baskets, pasts_of
from training.pipeline import build
from training.settings import TrainingSettings
from training.train import describe

MEASURES = ("recall@10", "ndcg@10_full", "ndcg@10_cut", "phr@10")
K = 10
UP_CF_CASES = 500

Scores = NDArray[np.floating]


def evaluate_next_basket(dataset: Path, seeds: int, baselines: bool, report: Report = silent) -> Evaluation:
    """Train on all baskets but the last of each customer asked about, and ask for that one.

    Tuning sees only what training sees. Products bought lately are not hidden (`rest_days=0`). Metrics
    are the mean over the keysets' test customers; `_repeat` and `_explore` count only those products of
    the truth that the customer had, or had not, bought before.
    """
    began = monotonic()
    baskets = read_baskets(dataset, seeds)
    history, settings = baskets.history(), TrainingSettings()
    tables, index = build(history, pl.DataFrame(schema=schema()), settings, report)
    bundle = Bundle(describe("evaluation", datetime.now(UTC), history, tables, settings, {}), tables, index)
    cases = _cases(baskets, bundle)
    answers: dict[str | None, Ranked] = {}
    rankers = {"perennial": _noted(recommended(bundle), answers)}
    if baselines:
        rankers |= simple_methods(bundle, history)
    metrics = compare(cases, rankers, MEASURES, len(history.product_ids), K, settings.seed, report)
    metrics["perennial"] |= repeat_and_explore(cases, answers, bundle, settings.seed)
    decay, own_share = map(float, tables.next_basket.blend)
    return Evaluation(
        task="next-basket",
        dataset=dataset.name,
        metrics=metrics,
        cases=len(cases),
        seconds=round(monotonic() - began, 1),
        settings={"decay": decay, "own share": own_share, "trees": len(tables.next_basket.trees)},
    )


def _cases(baskets: Baskets, bundle: Bundle) -> list[Case]:
    """Fold after fold."""
    asked = {
        customer: Case(
            Request("email", now=float(day * DAY), customer_id=customer, rest_days=0),
            np.array(bundle.tables.products.rows(bought), np.int32),
        )
        for customer, day, bought in baskets.targets().iter_rows()
    }
    return [asked[customer] for keyset in baskets.keysets for customer in keyset]


def repeat_and_explore(
    cases: list[Case], answers: Mapping[str | None, Ranked], bundle: Bundle, seed: int
) -> Metrics:
    """recall@10 of the wanted products that the customer had bought before, and of those that not."""
    tables = bundle.tables
    found: Metrics = {}
    for name, known in (("repeat", True), ("explore", False)):
        values = []
        for case in cases:
            customer = case.request.customer_id
            own = tables.next_basket.pasts.of(tables.customers.row(customer)).items
            wanted = case.truth[np.isin(case.truth, own) == known]
            if len(wanted):
                values.append(recall(ranks(answers[customer], wanted), K))
        if values:
            found[f"recall@{K}_{name}"] = estimate(values, seed)
    return found


def simple_methods(bundle: Bundle, history: History) -> dict[str, Ranker]:
    """Popularity (G-Top), own counts first (GP-Top), UP-CF@r, item cosine, EASE, ALS, TIFU-KNN tuned."""
    tables = bundle.tables
    n_items = len(tables.products)
    table = tables.next_basket
    untrained = replace(bundle, tables=replace(tables, next_basket=replace(table, trees=Trees.none())))

    def added(neighbours: Neighbours, situation: Situation) -> Scores:
        own = personal_counts(situation)
        found = neighbours_of(neighbours, own.items.tolist(), own.counts.tolist())
        return np.asarray(np.bincount(found.items, found.scores, n_items), np.float64)

    def frequency(situation: Situation) -> Scores:
        own = personal_counts(situation)
        return table.popularity + np.bincount(own.items, own.counts, n_items)

    def als(situation: Situation) -> Scores:
        return tables.factors.items @ fold_in(tables.factors, taste_of(situation))

    up_cf = _tuned_up_cf(history)
    return {
        "popularity": popularity(bundle),
        "personal frequency": _scored(bundle, frequency),
        "up-cf@r": _scored(bundle, lambda asked: up_cf(tables.customers.row(asked.request.customer_id))),
        "item cosine": _scored(bundle, lambda asked: added(table.partners, asked)),
        "ease": _scored(bundle, lambda asked: added(tables.companions, asked)),
        "als": _scored(bundle, als),
        "tifu-knn": recommended(untrained),
    }


def _tuned_up_cf(history: History) -> Callable[[int], NDArray[np.float32]]:
    days = baskets_of(history)
    shape = len(history.customer_ids), len(history.product_ids)
    early, wanted = last_baskets(days)
    whose = wanted["customer"].unique().sort().to_numpy().astype(np.int64)
    sample = np.random.default_rng(0).permutation(whose)[:UP_CF_CASES]
    return tuned_up_cf(
        pasts_of(days, shape[0]), pasts_of(early, shape[0]), customer_items(wanted, shape), sample
    )


def personal_counts(situation: Situation) -> Candidates:
    """Each product that the customer bought, and on how many days."""
    items, counts = np.unique(past_of(situation).items, return_counts=True)
    return Candidates.unanchored(items.astype(np.int32), counts.astype(np.float32), counts.astype(np.int32))


def _scored(bundle: Bundle, scores: Callable[[Situation], Scores]) -> Ranker:
    return lambda case, k: top(scores(Situation(case.request, bundle)), k)


def _noted(rank: Ranker, answers: dict[str | None, Ranked]) -> Ranker:
    """The same ranker, its answers written down by customer."""

    def noted(case: Case, k: int) -> Ranked:
        answers[case.request.customer_id] = answer = rank(case, k)
        return answer

    return noted
