"""UP-CF@r: recent purchases of customers with similar baskets (Faggioli, Polato, Aiolli 2020)."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recommender.model.next_basket_table import PurchaseHistories
from recommender.sources.next_basket_features import baskets_since
from training.models.peers import ndcg

OWN_SIDE = 0.25  # asymmetry of the cosine: |A and B| / (|A|^.25 |B|^.75)
WINDOWS, LOCALITIES = (1, 5, 25), (1, 5, 10)


class UpCf(NamedTuple):
    """Score of a customer c: sum over customers d of similarity(c, d)^locality x shares(d).

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
    n_customers = len(histories.offsets) - 1
    shares = np.zeros(len(histories.items), np.float32)
    for start, end in zip(histories.offsets[:-1], histories.offsets[1:], strict=True):
        if start < end:
            age = baskets_since(histories.days[start:end])
            shares[start:end] = (age < window) / min(window, age[0] + 1)
    bought = _matrix(np.ones(len(histories.items), np.float32), histories, (n_customers, n_items))
    bought.data[:] = 1.0
    sizes = np.maximum(np.diff(bought.indptr), 1).astype(np.float32)
    return UpCf(
        own=csr_matrix(diags_array(sizes**-OWN_SIDE) @ bought),
        others=csr_matrix(diags_array(sizes ** (OWN_SIDE - 1)) @ bought),
        shares=_matrix(shares, histories, (n_customers, n_items)),
        locality=locality,
    )


def tuned_up_cf(
    histories: PurchaseHistories, early: PurchaseHistories, truth: csr_matrix, cases: NDArray[np.int64]
) -> Callable[[int], NDArray[np.float32]]:
    """Scores (n_items) for a customer; window and locality are those whose model of `early` ranks best."""
    n_items = truth.shape[1]

    def score_of(setting: tuple[int, int]) -> float:
        return ndcg(up_cf(early, n_items, *setting).scores(cases), truth[cases])

    model = up_cf(histories, n_items, *max(product(WINDOWS, LOCALITIES), key=score_of))
    return lambda customer: model.scores(np.array([customer])).toarray().ravel()


def _matrix(values: NDArray[np.float32], histories: PurchaseHistories, shape: tuple[int, int]) -> csr_matrix:
    matrix = csr_matrix((values, histories.items, histories.offsets), shape=shape, copy=True)
    matrix.sum_duplicates()  # in place
    return matrix
