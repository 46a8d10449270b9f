import numpy as np
import pytest
from scipy.sparse import csr_matrix

from training.data.neighbours import only
from training.models.co_purchase import co_purchase

# cup and saucer together in 3 of 8 baskets; the card lies in nearly every one
CUP, SAUCER, CARD = range(3)
BASKETS = csr_matrix(
    np.array(
        [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]], np.float32
    )
)


def test_cosine_is_asymmetric_and_shrunk() -> None:
    weights = co_purchase(BASKETS, shrinkage=2, support=2, kept=10).toarray()
    assert weights[CUP, SAUCER] == pytest.approx(3 / (4**0.8 * 3**0.2) * 3 / 5)
    assert weights[SAUCER, CUP] == pytest.approx(3 / (3**0.8 * 4**0.2) * 3 / 5)


def test_pairs_by_chance_and_pairs_too_rare_are_left_out() -> None:
    weights = co_purchase(BASKETS, shrinkage=0, support=2, kept=10).toarray()
    assert weights[CUP, CARD] == 0  # lift 2 x 8 / (4 x 6) is below 1
    assert co_purchase(BASKETS, shrinkage=0, support=4, kept=10).nnz == 0


def test_no_baskets_give_no_partners() -> None:
    assert co_purchase(csr_matrix(np.zeros((0, 3), np.float32)), 2, 2, 10).shape == (3, 3)


def test_partners_are_parted_in_their_order() -> None:
    weights = csr_matrix(np.array([[0, 3, 2, 1], [0, 0, 0, 0], [0, 0, 0, 5], [1, 0, 0, 0]], np.float32))
    kept = np.array([True, False, True, False, True])
    chosen, others = only(weights, kept), only(weights, ~kept)
    assert chosen.toarray().tolist() == [[0, 3, 0, 1], [0] * 4, [0] * 4, [1, 0, 0, 0]]
    assert others.toarray().tolist() == [[0, 0, 2, 0], [0] * 4, [0, 0, 0, 5], [0] * 4]
