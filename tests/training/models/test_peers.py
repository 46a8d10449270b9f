"""TIFU-KNN's neighbours, by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.model.next_basket_table import PurchaseHistories
from recommender.sources.next_basket import personal_vector
from training.models.peers import Blend, Pool, fit_peers, ndcg_of_rows, personal_vectors

# 0: baskets {2, 0}, {2}; 1: {2}, {2}, {1}; 2: {3}; 3: never bought
PASTS = PurchaseHistories(
    offsets=np.array([0, 3, 6, 7, 7], np.int64),
    items=np.array([2, 0, 2, 2, 2, 1, 3], np.int32),
    days=np.array([1, 1, 4, 2, 3, 9, 5], np.int32),
)


def test_everybodys_vectors_are_the_personal_ones() -> None:
    vectors = personal_vectors(PASTS, 5, decay=0.5).toarray()
    assert vectors[0] == pytest.approx([1 / 3, 0, 1, 0, 0])
    assert vectors[1] == pytest.approx([0, 4 / 7, 3 / 7, 0, 0])
    assert vectors[3] == pytest.approx([0, 0, 0, 0, 0])
    for customer in range(3):
        items, weights = personal_vector(PASTS.of(customer), 0.5)
        assert vectors[customer][items] == pytest.approx(weights)


def test_the_pasts_stay_as_they_were() -> None:
    before = PASTS.items.tolist()
    personal_vectors(PASTS, 5, decay=0.5)
    assert PASTS.items.tolist() == before


def test_peers_are_the_nearest_others_and_never_oneself() -> None:
    peers = fit_peers(PASTS, 5, Blend(decay=0.5, peers=1, own_share=0.1), np.array([0, 2]), 20)
    items, weights = peers.of(0)  # customer 1 is nearer than customer 2
    assert items.tolist() == [1, 2]
    assert weights == pytest.approx([4 / 7, 3 / 7])
    assert len(peers.of(1).items) == 0  # was not asked for
    assert peers.of(2).items.tolist() == [1, 2]
    assert len(peers.of(-1).items) == 0


def test_ndcg_by_hand() -> None:
    scores = csr_matrix(np.array([[0.1, 0.9, 0.5], [0.7, 0.2, 0.0]], np.float32))
    truth = csr_matrix(np.array([[1, 1, 0], [0, 0, 1]], np.float32))
    first = (1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))  # ranks 1 and 3 of a truth of two
    assert ndcg_of_rows(scores, truth) == pytest.approx(first / 2)


def test_what_the_nearest_buy_on_average_is_the_same_by_dense_arithmetic() -> None:
    rng = np.random.default_rng(5)
    vectors = csr_matrix((rng.random((30, 12)) * (rng.random((30, 12)) < 0.4)).astype(np.float32))
    members, block, dense = np.arange(0, 30, 2), np.array([3, 4, 10]), vectors.toarray()
    pool = Pool.of(vectors, members)
    means = pool.means(pool.distances(block), 5).toarray()
    for row, customer in enumerate(block):
        others = members[members != customer]
        distances = ((dense[others] - dense[customer]) ** 2).sum(axis=1)
        assert means[row] == pytest.approx(dense[others[np.argsort(distances)[:5]]].mean(axis=0), abs=1e-6)
