import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recommender.arrays.tables import Factors
from recommender.sources.als import Taste, fold_in
from training.errors import CannotTrain
from training.models.als import EXACT_PRODUCTS, build_index, choose_ridge, fit_als
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(als_factors=4, als_regularisation=2.0, als_iterations=5)
# two tastes: products 0-2 and products 3-4; product 5 was never bought
USER_ITEMS = csr_matrix(
    np.array([[5, 3, 0, 0, 0, 0], [4, 0, 6, 0, 0, 0], [0, 0, 0, 5, 2, 0], [0, 0, 0, 3, 4, 0]], np.float32)
)


def test_fold_in_is_what_implicit_recalculates() -> None:
    factors = fit_als(USER_ITEMS, SETTINGS)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=4, regularization=2.0, alpha=1.0, use_gpu=False)
    model.item_factors = factors.items
    for user in range(4):
        row = USER_ITEMS[user]
        expected = model.recalculate_user(user, row)
        assert fold_in(factors, Taste(row.indices, row.data)) == pytest.approx(expected, abs=1e-5)


def test_the_index_finds_the_taste_and_never_what_nobody_bought_first() -> None:
    factors = fit_als(USER_ITEMS, SETTINGS)
    vector = fold_in(factors, Taste(np.array([3], np.int32), np.array([5.0], np.float32)))
    _, neighbours = build_index(factors, np.ones(6, np.int32)).search(vector[None, :], 2)
    assert set(neighbours[0].tolist()) == {3, 4}


def test_products_nobody_bought_have_zero_vectors() -> None:
    assert fit_als(USER_ITEMS, SETTINGS).items[5].tolist() == [0.0] * 4


def test_the_same_matrix_gives_the_same_factors_and_reports_each_pass() -> None:
    progress: list[tuple[str, int, int]] = []
    first = fit_als(USER_ITEMS, SETTINGS, lambda *far: progress.append(far))
    assert first.items.tolist() == fit_als(USER_ITEMS, SETTINGS).items.tolist()
    assert progress == [("ALS", done, 5) for done in range(1, 6)]


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(CannotTrain, match="REGULARISATION"):
        fit_als(csr_matrix(np.full((2, 2), np.inf, np.float32)), SETTINGS)


def test_a_ridge_of_large_shops_does_not_kill_the_tastes_of_a_small_one() -> None:
    rng = np.random.default_rng(2)
    shop = np.kron(np.eye(20), np.ones((3, 4))) * rng.integers(2, 5, (60, 80))  # twenty tastes
    user_items = csr_matrix(shop.astype(np.float32))
    strength = choose_ridge(user_items, at_most=30.0)
    assert strength == pytest.approx(np.linalg.svd(shop, compute_uv=False)[15] / 2)
    settings = TrainingSettings(als_factors=32, als_regularisation=30.0)
    alive = np.linalg.svd(fit_als(user_items, settings).items, compute_uv=False) > 0.1
    assert alive.sum() >= 16


def test_the_ridge_is_never_above_what_is_set_nor_below_one() -> None:
    user_items = csr_matrix(np.ones((30, 40), np.float32))  # one taste
    assert choose_ridge(user_items, at_most=30.0) == 1.0
    assert choose_ridge(csr_matrix(100 * np.eye(40, dtype=np.float32)), at_most=30.0) == 30.0


def test_of_very_many_products_those_with_buyers_are_found_by_their_items() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(EXACT_PRODUCTS + 1, 4)).astype(np.float32)
    index = build_index(
        Factors(vectors, np.eye(4, dtype=np.float32)), np.arange(len(vectors), dtype=np.int32)
    )
    queries = rng.normal(size=(50, 4)).astype(np.float32)
    _, neighbours = index.search(queries, 1)
    assert np.mean(neighbours[:, 0] == (queries @ vectors.T).argmax(axis=1)) > 0.9
