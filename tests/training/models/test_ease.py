import numpy as np
import pytest
from scipy.sparse import csr_matrix

from training.models.ease import ease_companions, fit_ease, gram_of

ORDERS = csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1]], np.float32))


def test_two_products_have_the_closed_form_by_hand() -> None:
    # X'X + I = [[3, 2], [2, 4]], inverse [[4, -2], [-2, 3]] / 8; B_01 = 2/3, B_10 = 2/4
    orders = csr_matrix(np.array([[1, 1], [1, 1], [0, 1]], np.float32))
    assert fit_ease(gram_of(orders), 1.0) == pytest.approx(np.array([[0, 2 / 3], [1 / 2, 0]]))


def test_weights_solve_the_ridge_regression_of_each_product_on_the_others() -> None:
    weights, gram = fit_ease(gram_of(ORDERS), 0.5), (ORDERS.T @ ORDERS).toarray()
    for item in range(3):
        others = [other for other in range(3) if other != item]
        ridge = gram[np.ix_(others, others)] + 0.5 * np.eye(2)
        assert weights[others, item] == pytest.approx(np.linalg.solve(ridge, gram[others, item]), abs=1e-5)


def test_companions_are_the_best_positive_weights_of_the_best_sellers() -> None:
    companions = ease_companions(ORDERS, ridge=0.5, products=2, kept=1)
    assert companions.shape == (3, 3)
    assert companions[0].indices.tolist() == [1]
    assert companions[2].nnz == 0  # sold least, not covered


def test_without_orders_nothing_goes_with_anything() -> None:
    assert ease_companions(csr_matrix(np.zeros((0, 3), np.float32)), 1.0, 10, 10).nnz == 0
