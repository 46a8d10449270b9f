"""Simple and published methods for the next basket, to compare the served one with."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.tables import Neighbours
from recommender.context.request import Situation
from recommender.kernels.trees import Trees
from recommender.model.bundle import Bundle
from recommender.model.next_basket_table import Precomputed
from recommender.sources.als import fold_in, taste_of
from recommender.sources.candidates import Candidates, neighbours_of
from recommender.sources.next_basket import past_of
from training.data.history import History
from training.evaluate.baselines.up_cf import tuned_up_cf
from training.measure.compare import Ranker, popularity, recommended, scored
from training.models.next_basket import baskets_of, customer_items, histories_of, last_baskets

UP_CF_CASES = 500

Scores = NDArray[np.floating]


def simple_methods(bundle: Bundle, history: History) -> dict[str, Ranker]:
    """Popularity (G-Top), own counts first (GP-Top), UP-CF@r, item cosine, EASE, ALS, TIFU-KNN tuned."""
    tables = bundle.tables
    n_items = len(tables.products)
    table = tables.next_basket
    untrained = replace(
        bundle,
        tables=replace(
            tables,
            next_basket=replace(table, trees=Trees.none(), foreseen=Precomputed.none(len(tables.customers))),
        ),
    )

    def added(neighbours: Neighbours, situation: Situation) -> Scores:
        own = personal_counts(situation)
        candidates = neighbours_of(neighbours, own.items.tolist(), own.counts.tolist())
        return np.asarray(np.bincount(candidates.items, candidates.scores, n_items), np.float64)

    def frequency(situation: Situation) -> Scores:
        own = personal_counts(situation)
        return table.popularity + np.bincount(own.items, own.counts, n_items)

    def als(situation: Situation) -> Scores:
        return tables.factors.items @ fold_in(tables.factors, taste_of(situation))

    up_cf = _fit_up_cf(history)
    return {
        "popularity": popularity(bundle),
        "personal frequency": scored(bundle, frequency),
        "up-cf@r": scored(
            bundle, lambda situation: up_cf(tables.customers.row(situation.request.customer_id))
        ),
        "item cosine": scored(bundle, lambda situation: added(table.partners, situation)),
        "ease": scored(bundle, lambda situation: added(tables.companions, situation)),
        "als": scored(bundle, als),
        "tifu-knn": recommended(untrained),
    }


def _fit_up_cf(history: History) -> Callable[[int], NDArray[np.float32]]:
    days = baskets_of(history)
    shape = len(history.customer_ids), len(history.product_ids)
    early, wanted = last_baskets(days)
    customers = wanted["customer"].unique().sort().to_numpy().astype(np.int64)
    sample = np.random.default_rng(0).permutation(customers)[:UP_CF_CASES]
    return tuned_up_cf(
        histories_of(days, shape[0]), histories_of(early, shape[0]), customer_items(wanted, shape), sample
    )


def personal_counts(situation: Situation) -> Candidates:
    """Each product that the customer bought, and on how many days."""
    items, counts = np.unique(past_of(situation).items, return_counts=True)
    return Candidates.unanchored(items.astype(np.int32), counts.astype(np.float32), counts.astype(np.int32))
