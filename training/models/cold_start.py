"""Vectors for products that nobody bought or looked at yet, from what the catalogue says of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, hstack

from recommender.arrays.tables import Factors

TERMS = 3_000  # at most, those of most products; a term of one product teaches nothing about others
FEWEST_PRODUCTS = 2
PRICE_BANDS = 10
BAND_WEIGHT = 0.5  # of a price band, where the words together weigh 1
RIDGES = 0.3, 1.0, 3.0, 10.0, 30.0  # products
HELD_OUT = 0.1
FEWEST_KNOWN = 20  # products to learn from; below, no guess is better than a wrong one
SURE = 10.0  # people at whom a product's own vector is half believed

Floats = NDArray[np.float32]


def with_content_vectors(
    factors: Factors, user_items: csr_matrix, content: csr_matrix, price: Floats, seed: int
) -> Factors:
    """The factors with a guess for each product that is in no row of `user_items`.

    content: (n_items, n_terms) unit rows. The guess is the ridge regression of the other products' vectors
    on the content, its ridge chosen on products held out. `gram` stays that of the products ALS has seen.
    """
    people = np.bincount(user_items.indices, minlength=user_items.shape[1])
    known, unknown = np.flatnonzero(people), np.flatnonzero(people == 0)
    if len(known) < FEWEST_KNOWN or not len(unknown):
        return factors
    described = describe(content, price)
    features, vectors = described[known], factors.items[known]
    weights = people[known] / (people[known] + SURE)
    ridge = best_ridge(features, vectors, weights, np.random.default_rng(seed))
    items = factors.items.copy()
    items[unknown] = described[unknown] @ fit(features, vectors, weights, ridge)
    return Factors(items, factors.gram)


def describe(content: csr_matrix, price: Floats) -> csr_matrix:
    """(n_items, n_features) float32: the most usual terms, the price band, and a constant."""
    in_products = np.bincount(content.indices, minlength=content.shape[1])
    usual = np.argsort(-in_products, kind="stable")[:TERMS]
    usual = np.sort(usual[in_products[usual] >= FEWEST_PRODUCTS])
    always = csr_matrix(np.ones((content.shape[0], 1), np.float32))
    parts: list[csr_matrix] = [content[:, usual].tocsr(), price_bands(price), always]
    return csr_matrix(hstack(parts, format="csr"))


def price_bands(price: Floats) -> csr_matrix:
    """(n_items, PRICE_BANDS): BAND_WEIGHT at the tenth of all prices in which each lies; 0 if unknown."""
    known = np.flatnonzero(price > 0)
    edges = np.quantile(price[known], np.arange(1, PRICE_BANDS) / PRICE_BANDS) if len(known) else price[:0]
    band = np.searchsorted(edges, price[known], side="right")
    value = np.full(len(known), BAND_WEIGHT, np.float32)
    return csr_matrix((value, (known, band)), shape=(len(price), PRICE_BANDS))


def fit(features: csr_matrix, vectors: Floats, weights: NDArray[Any], ridge: float) -> Floats:
    """(n_features, d): argmin_W sum_i weight_i |features_i W - vectors_i|^2 + ridge |W|^2."""
    weighted = features.multiply(weights[:, None]).tocsr()
    gram = (weighted.T @ features).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    return np.asarray(cho_solve(cho_factor(gram, lower=True), weighted.T @ vectors), np.float32)


def best_ridge(
    features: csr_matrix, vectors: Floats, weights: NDArray[Any], rng: np.random.Generator
) -> float:
    """The one that foretells best a tenth of the products from the others."""
    held_out = rng.random(len(weights)) < HELD_OUT
    taught = ~held_out

    def error(ridge: float) -> float:
        found = features[held_out] @ fit(features[taught], vectors[taught], weights[taught], ridge)
        return float((weights[held_out] * ((found - vectors[held_out]) ** 2).sum(axis=1)).sum())

    return min(RIDGES, key=error)
