"""Simple and published methods for the next basket, to compare the served one with."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recommender.arrays.tables import Neighbours
from recommender.context.request import Situation
from recommender.kernels.trees import Trees
from recommender.model.bundle import Bundle
from recommender.model.next_basket_table import Precomputed, PurchaseHistories
from recommender.sources.als import fold_in, taste_of
from recommender.sources.candidates import Candidates, neighbours_of
from recommender.sources.next_basket import past_of
from recommender.sources.next_basket_features import baskets_since
from training.data.history import History
from training.measure.compare import Ranker, popularity, recommended, scored
from training.models.next_basket import baskets_of, customer_items, histories_of, last_baskets
from training.models.peers import item_matrix, ndcg_of_rows

UP_CF_CASES = 500
OWN_SIDE = 0.25  # asymmetry of the cosine: |A and B| / (|A|^.25 |B|^.75)
WINDOWS, LOCALITIES = (1, 5, 25), (1, 5, 10)


def basket_baselines(bundle: Bundle, history: History) -> dict[str, Ranker]:
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

    def added(neighbours: Neighbours, situation: Situation) -> NDArray[np.floating]:
        own = personal_counts(situation)
        candidates = neighbours_of(neighbours, own.items.tolist(), own.counts.tolist())
        return np.asarray(np.bincount(candidates.items, candidates.scores, n_items), np.float64)

    def frequency(situation: Situation) -> NDArray[np.floating]:
        own = personal_counts(situation)
        return table.popularity + np.bincount(own.items, own.counts, n_items)

    def als(situation: Situation) -> NDArray[np.floating]:
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


class UpCf(NamedTuple):
    """UP-CF@r: recent purchases of customers with similar baskets (Faggioli, Polato, Aiolli 2020).

    Score of a customer c: sum over customers d of similarity(c, d)^locality x shares(d).

    own, others: (n_customers, n_items) float32, what each bought, scaled so that own @ others.T is the
    similarity; shares: of each customer's last `window` baskets, the share that holds each product.
    """

    own: csr_matrix
    others: csr_matrix
    shares: csr_matrix
    locality: int

    def scores(self, customers: NDArray[np.int64]) -> csr_matrix:
        """(len(customers), n_items)."""
        similarity = csr_matrix(self.own[customers] @ self.others.T)
        return csr_matrix(similarity.power(self.locality) @ self.shares)


def up_cf(histories: PurchaseHistories, n_items: int, window: int, locality: int) -> UpCf:
    """The model of every customer's baskets; a day is a basket."""
    shares = np.zeros(len(histories.items), np.float32)
    for start, end in zip(histories.offsets[:-1], histories.offsets[1:], strict=True):
        if start < end:
            age = baskets_since(histories.days[start:end])
            shares[start:end] = (age < window) / min(window, age[0] + 1)
    bought = item_matrix(np.ones(len(histories.items), np.float32), histories, n_items)
    bought.data[:] = 1.0
    sizes = np.maximum(np.diff(bought.indptr), 1).astype(np.float32)
    return UpCf(
        own=csr_matrix(diags_array(sizes**-OWN_SIDE) @ bought),
        others=csr_matrix(diags_array(sizes ** (OWN_SIDE - 1)) @ bought),
        shares=item_matrix(shares, histories, n_items),
        locality=locality,
    )


def tuned_up_cf(
    histories: PurchaseHistories, early: PurchaseHistories, truth: csr_matrix, cases: NDArray[np.int64]
) -> Callable[[int], NDArray[np.float32]]:
    """Scores (n_items) for a customer; window and locality are those whose model of `early` ranks best."""
    n_items = truth.shape[1]

    def score_of(setting: tuple[int, int]) -> float:
        return ndcg_of_rows(up_cf(early, n_items, *setting).scores(cases), truth[cases])

    model = up_cf(histories, n_items, *max(product(WINDOWS, LOCALITIES), key=score_of))
    return lambda customer: model.scores(np.array([customer])).toarray().ravel()
