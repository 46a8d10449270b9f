from __future__ import annotations

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommender.personal import Taste, fold_in
from training.als import build_index, fit_als
from training.errors import CannotTrain
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(als_factors=4, als_regularisation=2.0, als_iterations=5)
# two tastes: products 0-2 and products 3-4; product 5 was never bought
USER_ITEMS = csr_matrix(
    np.array([[5, 3, 0, 0, 0, 0], [4, 0, 6, 0, 0, 0], [0, 0, 0, 5, 2, 0], [0, 0, 0, 3, 4, 0]], np.float32)
)


def test_fold_in_is_what_implicit_recalculates():
    factors = fit_als(USER_ITEMS, SETTINGS)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=4, regularization=2.0, alpha=1.0, use_gpu=False)
    model.item_factors = factors.items
    for user in range(4):
        row = USER_ITEMS[user]
        expected = model.recalculate_user(user, row)
        assert fold_in(factors, Taste(row.indices, row.data)) == pytest.approx(expected, abs=1e-5)


def test_the_index_finds_the_taste_and_never_what_nobody_bought_first():
    factors = fit_als(USER_ITEMS, SETTINGS)
    vector = fold_in(factors, Taste(np.array([3], np.int32), np.array([5.0], np.float32)))
    _, found = build_index(factors).search(vector[None, :], 2)
    assert set(found[0].tolist()) == {3, 4}


def test_products_nobody_bought_have_zero_vectors():
    assert fit_als(USER_ITEMS, SETTINGS).items[5].tolist() == [0.0] * 4


def test_the_same_matrix_gives_the_same_factors_and_reports_each_pass():
    told: list[tuple[str, int, int]] = []
    first = fit_als(USER_ITEMS, SETTINGS, lambda *far: told.append(far))
    assert first.items.tolist() == fit_als(USER_ITEMS, SETTINGS).items.tolist()
    assert told == [("ALS", done, 5) for done in range(1, 6)]


def test_numbers_out_of_range_are_refused():
    with pytest.raises(CannotTrain, match="REGULARISATION"):
        fit_als(csr_matrix(np.full((2, 2), np.inf, np.float32)), SETTINGS)
