"""History -> sets of products to sell together, with the evidence for each."""

from functools import reduce

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from features.time_units import DAY_S
from recommender.arrays.tables import SPAN_DAYS, Neighbours, SetTable
from recommender.product_sets.product_sets import (
    MAX_ITEMS,
    MIN_LIFT,
    MIN_SUPPORT,
    CoPurchases,
    Evidence,
    grow_sets,
    with_evidence,
)
from training.data.history import History
from training.data.neighbours import (
    bought_together,
    inner_products,
    neighbour_lists,
    row_of_each,
    stacked,
    strongest,
)
from training.data.products import Products, align

SET_PARTNERS_KEPT, N_SEEDS, PARTNERS_A_SEED = 20, 5_000, 3
SET_SHRINKAGE = 10.0


def fit_sets(history: History, catalogue: pl.DataFrame) -> SetTable:
    """Pairs of often bought products with their best partners, and larger sets grown from them. The same
    input gives the same sets."""
    products = align(catalogue, history)
    baskets = _baskets(history, products)
    orders = np.asarray(baskets.sum(axis=0)).ravel().astype(np.int64)
    similarity = _pairs(baskets, orders, products.variant_group)
    pairs = _as_table(similarity, baskets, orders)
    category = products.category.astype(np.int64)
    co_purchases = CoPurchases(_evidence(similarity, pairs), orders, _margins(products), category)
    by_item = csc_matrix(baskets)
    support_of = {items: _support(items, by_item) for items in _candidates(co_purchases, similarity)}
    chosen = [
        with_evidence(co_purchases, items) for items, support in support_of.items() if support >= MIN_SUPPORT
    ]
    chosen.sort(key=lambda product_set: (-product_set.strength * len(product_set.items), product_set.items))
    rows = [[*product_set.items, *[-1] * (MAX_ITEMS - len(product_set.items))] for product_set in chosen]
    return SetTable(
        items=np.array(rows, np.int32).reshape(-1, MAX_ITEMS),
        support=np.array([support_of[product_set.items] for product_set in chosen], np.int32),
        lift=np.array([product_set.lift for product_set in chosen], np.float32),
        orders=orders.astype(np.int32),
        pairs=pairs,
    )


def _baskets(history: History, products: Products) -> csr_matrix:
    """(n_orders, n_items) of 0 and 1: the orders of the last year, of recommendable products."""
    lines = history.purchases
    lines = lines.where(
        (lines.timestamp > history.until - SPAN_DAYS * DAY_S) & products.recommendable[lines.item]
    )
    shape = history.n_orders, len(history.product_ids)
    return csr_matrix((np.ones(len(lines), np.float32), (lines.order, lines.item)), shape=shape)


def _pairs(baskets: csr_matrix, orders: NDArray[np.int64], variant_group: NDArray[np.int32]) -> csr_matrix:
    """Each product's strongest partners by cosine x c / (c + shrinkage), symmetric but for the cut; none a
    variant of it."""
    n_baskets = int((np.diff(baskets.indptr) > 0).sum())
    blocks = []
    for start, counts in inner_products(baskets.T.tocsr()):
        row, c = row_of_each(counts) + start, counts.data.astype(np.float64)
        own, partner = orders[row], orders[counts.indices]
        are_variants = (variant_group[row] == variant_group[counts.indices]) & (variant_group[row] >= 0)
        real = (counts.indices != row) & (c >= MIN_SUPPORT) & (c * n_baskets > MIN_LIFT * own * partner)
        real &= ~are_variants
        cosine = c / np.sqrt(np.maximum(own * partner, 1)) * c / (c + SET_SHRINKAGE)
        counts.data = np.where(real, cosine, 0).astype(np.float32)
        blocks.append(strongest(counts, SET_PARTNERS_KEPT))
    return stacked(blocks, baskets.shape[1])


def _as_table(similarity: csr_matrix, baskets: csr_matrix, orders: NDArray[np.int64]) -> Neighbours:
    """The pairs of `similarity` in the same order, with lifts as weights."""
    together = bought_together(similarity, baskets)
    n_baskets = int((np.diff(baskets.indptr) > 0).sum())
    chance = orders[row_of_each(similarity)] * orders[similarity.indices] / max(n_baskets, 1)
    lift = (together / np.maximum(chance, 1e-9)).astype(np.float32)
    lifts = csr_matrix((lift, similarity.indices, similarity.indptr), similarity.shape)
    return neighbour_lists(lifts, together)


def _evidence(similarity: csr_matrix, pairs: Neighbours) -> dict[tuple[int, int], Evidence]:
    rows = zip(
        row_of_each(similarity).tolist(),
        pairs.items.tolist(),
        pairs.together.tolist(),
        pairs.weights.tolist(),
        similarity.data.tolist(),
        strict=True,
    )
    return {
        (min(one, other), max(one, other)): Evidence(together, lift, similar)
        for one, other, together, lift, similar in rows
    }


def _candidates(co_purchases: CoPurchases, similarity: csr_matrix) -> dict[tuple[int, ...], None]:
    """Pairs and the larger sets grown from them; items ascending, each set once."""
    candidates: dict[tuple[int, ...], None] = {}
    for item in np.argsort(-co_purchases.orders, kind="stable")[:N_SEEDS].tolist():
        start, end = similarity.indptr[item], similarity.indptr[item + 1]
        for partner in similarity.indices[start : min(end, start + PARTNERS_A_SEED)].tolist():
            candidates[tuple(sorted((item, partner)))] = None
            candidates[tuple(sorted(grow_sets(co_purchases, (item, partner))))] = None
    return candidates


def _support(items: tuple[int, ...], by_item: csc_matrix) -> int:
    """How many orders hold all of the items."""
    orders = [by_item.indices[by_item.indptr[item] : by_item.indptr[item + 1]] for item in items]
    return len(reduce(lambda some, more: np.intersect1d(some, more, assume_unique=True), orders))


def _margins(products: Products) -> NDArray[np.float64]:
    """Margin of each product as a share of its price; 0 where it is not known."""
    price, cost = products.price.astype(np.float64), products.cost.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 1 - cost / price
    return np.where(np.isfinite(share), share, 0.0)
