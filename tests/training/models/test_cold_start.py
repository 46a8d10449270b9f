"""Content vectors where the truth is planted: a product's vector is the sum of what its words say."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recommender.arrays.tables import Factors
from training.models.cold_start import (
    BAND_WEIGHT,
    best_ridge,
    content_features,
    fit_ridge,
    price_band_features,
    with_content_vectors,
)

N, WORDS, D = 200, 12, 4
RNG = np.random.default_rng(5)
TERMS = (RNG.random((N, WORDS)) < 0.3).astype(np.float32)
CONTENT = csr_matrix(TERMS / np.maximum(np.linalg.norm(TERMS, axis=1, keepdims=True), 1))
VECTORS = np.asarray(CONTENT @ RNG.normal(size=(WORDS, D)), np.float32)
PRICE = np.full(N, 10, np.float32)
NEW = np.arange(0, N, 10)


def likes(n: int = N) -> csr_matrix:
    """Twenty people who like every product but the new ones."""
    liked = np.ones((20, n), np.float32)
    liked[:, NEW] = 0
    return csr_matrix(liked)


def known_factors() -> Factors:
    items = VECTORS.copy()
    items[NEW] = 0
    return Factors(items, np.eye(D, dtype=np.float32))


def test_a_new_product_gets_the_vector_that_its_words_say() -> None:
    predicted = with_content_vectors(known_factors(), likes(), CONTENT, PRICE, seed=1).items[NEW]
    error = np.linalg.norm(predicted - VECTORS[NEW]) / np.linalg.norm(VECTORS[NEW])
    assert error < 0.2


def test_vectors_of_products_with_people_stay_as_they_are() -> None:
    factors = known_factors()
    filled = with_content_vectors(factors, likes(), CONTENT, PRICE, seed=1)
    others = np.setdiff1d(np.arange(N), NEW)
    assert filled.items[others].tolist() == factors.items[others].tolist()
    assert factors.items[NEW].any() == np.False_
    assert filled.gram is factors.gram


def test_a_new_product_without_words_or_price_gets_a_finite_vector() -> None:
    content, price = CONTENT.tolil(), PRICE.copy()
    content[NEW[0]], price[NEW[0]] = 0, np.nan
    filled = with_content_vectors(known_factors(), likes(), content.tocsr(), price, seed=1)
    assert np.isfinite(filled.items).all()


def test_too_few_products_teach_nothing() -> None:
    few = Factors(np.ones((10, D), np.float32), np.eye(D, dtype=np.float32))
    liked = csr_matrix(np.pad(np.ones((3, 9), np.float32), ((0, 0), (0, 1))))
    assert with_content_vectors(few, liked, CONTENT[:10], PRICE[:10], seed=1) is few


def test_weights_say_how_much_each_product_teaches() -> None:
    features = csr_matrix(np.ones((2, 1), np.float32))
    vectors, weights = np.array([[1], [4]], np.float32), np.array([2.0, 1.0])
    assert fit_ridge(features, vectors, weights, ridge=0.0) == pytest.approx(np.array([[2.0]]))
    assert fit_ridge(features, vectors, weights, ridge=3.0) == pytest.approx(np.array([[1.0]]))


def test_the_ridge_is_large_where_words_say_nothing_and_small_where_they_say_all() -> None:
    noise = np.random.default_rng(3).normal(size=(N, D)).astype(np.float32)
    features, weights = content_features(CONTENT, PRICE), np.ones(N)
    chosen = [
        best_ridge(features, vectors, weights, np.random.default_rng(1)) for vectors in (VECTORS, noise)
    ]
    assert chosen[0] < chosen[1]


def test_terms_of_one_product_are_left_out() -> None:
    content = csr_matrix(np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]], np.float32))
    features = content_features(content, np.full(3, np.nan, np.float32)).toarray()
    assert features[:, 0].tolist() == [1, 1, 0]
    assert features[:, 1:-1].any() == np.False_
    assert features[:, -1].tolist() == [1, 1, 1]


def test_price_bands_are_tenths_of_the_known_prices() -> None:
    bands = price_band_features(np.array([*range(1, 11), np.nan, 0], np.float32)).toarray()
    assert bands[:10].tolist() == (BAND_WEIGHT * np.eye(10)).tolist()
    assert bands[10:].any() == np.False_
