"""ALS vectors for products that nobody bought or viewed yet, predicted from the catalogue."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, hstack

from recommender.arrays.dtypes import Float32s
from recommender.arrays.tables import Factors

TERMS = 3_000  # at most, the most frequent ones; a term of a single product says nothing of others
FEWEST_PER_TERM = 2
N_PRICE_BANDS = 10
BAND_WEIGHT = 0.5  # of a price band, where the words together weigh 1
CONTENT_RIDGES = 0.3, 1.0, 3.0, 10.0, 30.0  # products
HELD_OUT_PRODUCTS = 0.1
FEWEST_VECTORS = 20  # products to learn from; with fewer nothing is predicted
PRIOR_USERS = 10.0  # users at which a product's own vector counts half


def with_content_vectors(
    factors: Factors, user_items: csr_matrix, content: csr_matrix, price: Float32s, seed: int
) -> Factors:
    """The factors with predicted vectors for the products that are in no row of `user_items`.

    content: (n_items, n_terms) unit rows. Predictions are a ridge regression of the other products' vectors
    on the content, its ridge chosen on held-out products. `gram` is unchanged: of the products ALS was
    fitted on.
    """
    n_users = np.bincount(user_items.indices, minlength=user_items.shape[1])
    has_vector, has_none = np.flatnonzero(n_users), np.flatnonzero(n_users == 0)
    if len(has_vector) < FEWEST_VECTORS or not len(has_none):
        return factors
    features_of = content_features(content, price)
    known_features, known_vectors = features_of[has_vector], factors.items[has_vector]
    weights = n_users[has_vector] / (n_users[has_vector] + PRIOR_USERS)
    ridge = best_ridge(known_features, known_vectors, weights, np.random.default_rng(seed))
    items = factors.items.copy()
    items[has_none] = features_of[has_none] @ fit_ridge(known_features, known_vectors, weights, ridge)
    return Factors(items, factors.gram)


def content_features(content: csr_matrix, price: Float32s) -> csr_matrix:
    """(n_items, n_features) float32: the most frequent terms, the price band, and a constant."""
    in_products = np.bincount(content.indices, minlength=content.shape[1])
    usual = np.argsort(-in_products, kind="stable")[:TERMS]
    usual = np.sort(usual[in_products[usual] >= FEWEST_PER_TERM])
    always = csr_matrix(np.ones((content.shape[0], 1), np.float32))
    parts: list[csr_matrix] = [content[:, usual].tocsr(), price_band_features(price), always]
    return csr_matrix(hstack(parts, format="csr"))


def price_band_features(price: Float32s) -> csr_matrix:
    """(n_items, N_PRICE_BANDS): BAND_WEIGHT at the tenth of all prices in which each lies; 0 if unknown."""
    priced = np.flatnonzero(price > 0)
    edges = (
        np.quantile(price[priced], np.arange(1, N_PRICE_BANDS) / N_PRICE_BANDS) if len(priced) else price[:0]
    )
    band = np.searchsorted(edges, price[priced], side="right")
    value = np.full(len(priced), BAND_WEIGHT, np.float32)
    return csr_matrix((value, (priced, band)), shape=(len(price), N_PRICE_BANDS))


def fit_ridge(features: csr_matrix, vectors: Float32s, weights: NDArray[Any], ridge: float) -> Float32s:
    """(n_features, d): argmin_W sum_i weight_i |features_i W - vectors_i|^2 + ridge |W|^2."""
    weighted = features.multiply(weights[:, None]).tocsr()
    gram = (weighted.T @ features).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    return np.asarray(cho_solve(cho_factor(gram, lower=True), weighted.T @ vectors), np.float32)


def best_ridge(
    features: csr_matrix, vectors: Float32s, weights: NDArray[Any], rng: np.random.Generator
) -> float:
    """The ridge with the smallest squared error on a held-out tenth of the products."""
    held_out = rng.random(len(weights)) < HELD_OUT_PRODUCTS
    learned = ~held_out

    def error(ridge: float) -> float:
        predicted = features[held_out] @ fit_ridge(
            features[learned], vectors[learned], weights[learned], ridge
        )
        return float((weights[held_out] * ((predicted - vectors[held_out]) ** 2).sum(axis=1)).sum())

    return min(CONTENT_RIDGES, key=error)
