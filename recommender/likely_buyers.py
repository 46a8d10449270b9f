"""The customers most likely to buy a product, or one of a set: whom to tell of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float32s, Float64s, Int64s
from recommender.model.bundle import Bundle, Tables

HALF_LIFE_DAYS, OLDEST_DAYS = 180.0, 3_650  # of a purchase; older ones count like those
REASONS = ("bought_before", "goes_with", "taste")


class Likely(NamedTuple):
    """Customers (rows), the likeliest first. scores: 1 is the likeliest; parts: (n, 3), what speaks for each,
    as in REASONS."""

    customers: Int64s
    scores: Float64s
    parts: Float64s


def likely_buyers(bundle: Bundle, products: Sequence[int], today: int, *, buyers: bool = True) -> Likely:
    """All customers for whom anything speaks. products: rows; today: days since 1970; buyers False: without
    those who have bought one of them.

    Three votes: own orders of the product; what goes with it in a cart (EASE) over what they bought; and the
    linear part of ALS, y_t' G^-1 sum(c_i y_i) (Hu, Koren and Volinsky 2008, eq. 4, without the surplus of
    their confidence). A purchase counts half after HALF_LIFE_DAYS. Each vote is the share of all customers'
    that is this one's, so that their scales do not matter; those of a set's products add up.
    """
    tables, bought = bundle.tables, bundle.tables.purchases
    ages = np.clip(today - bought.last_day, 0, OLDEST_DAYS)
    decay = (0.5 ** (np.arange(OLDEST_DAYS + 1) / HALF_LIFE_DAYS)).astype(np.float32)[ages]
    liking = bought.confidence * decay
    parts, own = np.zeros((len(tables.customers), len(REASONS))), np.zeros(len(tables.customers), np.bool_)
    for item in products:
        entries = np.flatnonzero(bought.items == item)
        buyers_of = (
            np.searchsorted(bought.offsets, entries, side="right") - 1
        )  # a customer has a product once
        own[buyers_of] = True
        votes = np.zeros_like(parts)
        votes[buyers_of, 0] = bought.orders[entries] * decay[entries]
        votes[:, 1] = _sums(tables, _companion_weights(tables, item)[bought.items] * decay)
        votes[:, 2] = _sums(tables, _alike(tables, item)[bought.items] * liking)
        votes = np.maximum(votes, 0.0)
        parts += votes / np.maximum(votes.sum(axis=0), 1e-12)
    scores = parts.sum(axis=1)
    if not buyers:
        scores[own] = 0.0
    order = np.argsort(-scores, kind="stable")[: np.count_nonzero(scores > 0)]
    return Likely(order, scores[order] / max(float(scores.max(initial=0)), 1e-12), parts[order])


def reason(
    bundle: Bundle, customer: int, parts: Float64s, products: Sequence[int]
) -> tuple[str, dict[str, Any]]:
    """The code of what speaks loudest for a customer, and the figures behind it."""
    code = REASONS[int(parts.argmax())]
    row = bundle.tables.purchases.of(customer)
    if code == "bought_before":
        mine = np.isin(row.items, np.array(products, np.int32))
        return code, {"orders": int(row.orders[mine].sum())}
    if code == "goes_with":
        weights = sum(_companion_weights(bundle.tables, item, row.items) for item in products)
        return code, {"product_id": bundle.tables.products.name(int(row.items[np.argmax(weights)]))}
    return code, {"products": len(row.items)}


def _companion_weights(tables: Tables, item: int, of: Any = slice(None)) -> Float32s:
    """(n_items), or of some: how much each speaks for this one in a cart."""
    companions, weights = tables.companions, np.zeros(len(tables.products), np.float32)
    entries = np.flatnonzero(companions.items == item)
    rows = np.searchsorted(companions.offsets, entries, side="right") - 1
    weights[rows] = companions.weights[entries]
    return np.asarray(weights[of])


def _alike(tables: Tables, item: int) -> Float32s:
    """(n_items): what a purchase of each adds to the liking of this one."""
    factors = tables.factors
    return np.asarray(factors.items @ (factors.inverse_gram @ factors.items[item]), np.float32)


def _sums(tables: Tables, values: Float32s) -> Float64s:
    """(n_customers): sums over each one's purchases."""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    offsets = tables.purchases.offsets
    return np.asarray(sums[offsets[1:]] - sums[offsets[:-1]])
