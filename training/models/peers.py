"""TIFU-KNN's neighbours (Hu et al. 2020): the mean vector of the customers with the nearest vectors."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.arrays.dtypes import Float32s, Int32s, Int64s
from recommender.kernels.compiled import array, nogil_kernel
from recommender.model.next_basket_table import Peers, PurchaseHistories
from recommender.sources.next_basket_features import baskets_since, personal_weights
from training.data.neighbours import SPARSE_ROWS, SparseRows, empty, row_of_each, strongest
from training.measure.metrics import ndcg_of_cases

LARGE_POOL, SMALL_POOL = 20_000, 4_000  # peers are the nearest of the customers who ordered last, of so many
COMPARISONS = 400_000_000  # of two customers, at most: the more customers, the smaller the pool
ITEMS_KEPT = 80
DISTANCES_AT_ONCE = 500_000  # distances computed at a time, few enough for the processor's cache
DECAYS = 0.8, 0.9  # 1.0 ranks best in tuning, where histories lack their last basket, but worse later
PEER_COUNTS, OWN_SHARES = (100, 300), (0.1, 0.15, 0.2, 0.3, 0.5)


class Blend(NamedTuple):
    """score = own_share x own vector + (1 - own_share) x mean of the `peers` nearest vectors."""

    decay: float = 0.9
    peers: int = 300
    own_share: float = 0.15


def personal_vectors(histories: PurchaseHistories, n_items: int, decay: float) -> csr_matrix:
    """(n_customers, n_items) float32: `next_basket.personal_vector` of everybody."""
    weights = np.empty(len(histories.items), np.float32)
    _personal_weights(histories.offsets, histories.days, decay, weights)
    return item_matrix(weights, histories, n_items)


def item_matrix(values: Float32s, histories: PurchaseHistories, n_items: int) -> csr_matrix:
    """(n_customers, n_items): the sum of the values of each customer's lines with a product."""
    shape = len(histories.offsets) - 1, n_items
    matrix = csr_matrix((values, histories.items, histories.offsets), shape=shape, copy=True)
    matrix.sum_duplicates()  # in place
    return matrix


@nogil_kernel((array(types.int64), array(types.int32), types.float64, array(types.float32, out=True)))
def _personal_weights(offsets: Int64s, days: Int32s, decay: float, weights: Float32s) -> None:
    """Writes `personal_weights` of every customer's lines. offsets: where each customer's lines begin."""
    for customer in range(len(offsets) - 1):
        lines = slice(offsets[customer], offsets[customer + 1])
        if lines.start < lines.stop:
            weights[lines] = personal_weights(baskets_since(days[lines]), decay)


def pool_for(n_customers: int) -> int:
    """Size of the pool in which the peers of n_customers are found."""
    return int(np.clip(COMPARISONS // max(n_customers, 1), SMALL_POOL, LARGE_POOL))


def fit_peers(
    histories: PurchaseHistories, n_items: int, blend: Blend, customers: Int64s, among: int
) -> Peers:
    """The ITEMS_KEPT largest values of the mean vector of each customer's peers; nothing for other customers.

    among: size of the pool.
    """
    pool = Pool.of(personal_vectors(histories, n_items, blend.decay), pool_of(histories, among))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        means = list(
            threads.map(
                lambda block: strongest(pool.means(pool.distances(block), blend.peers), ITEMS_KEPT),
                pool.blocks(customers),
            )
        )
    rows = csr_matrix(vstack([*means, empty(0, n_items)], format="csr"))
    rows.sort_indices()
    sizes = np.zeros(len(histories.offsets) - 1, np.int64)
    sizes[customers] = np.diff(rows.indptr)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return Peers(offsets, rows.indices.astype(np.int32), rows.data.astype(np.float32))


def pool_of(histories: PurchaseHistories, at_most: int = LARGE_POOL) -> Int64s:
    """Customers with orders, ascending; of many, those who ordered last."""
    buyers = np.flatnonzero(np.diff(histories.offsets))
    newest = histories.days[histories.offsets[buyers + 1] - 1]
    return np.sort(buyers[np.argsort(-newest, kind="stable")[:at_most]])


class Pool(NamedTuple):
    """The customers among whom peers are found. vectors: of all customers; pooled, lengths: the vectors of
    the `members` and their squared lengths; by_item: pooled, transposed."""

    vectors: csr_matrix
    members: Int64s
    pooled: csr_matrix
    lengths: NDArray[np.float32]
    by_item: csr_matrix

    @classmethod
    def of(cls, vectors: csr_matrix, members: Int64s) -> Pool:
        pooled = vectors[members]
        lengths = np.asarray(pooled.multiply(pooled).sum(axis=1), np.float32).ravel()
        return cls(vectors, members, pooled, lengths, pooled.T.tocsr())

    def blocks(self, customers: Int64s) -> list[Int64s]:
        """The customers in blocks of at most DISTANCES_AT_ONCE comparisons."""
        step = max(1, DISTANCES_AT_ONCE // max(len(self.members), 1))
        return [customers[start : start + step] for start in range(0, len(customers), step)]

    def distances(self, block: Int64s) -> NDArray[np.float32]:
        """(n, members) squared distance to each member less the customer's squared length; inf to self."""
        own, distances = self.vectors[block], np.empty((len(block), len(self.members)), np.float32)
        _distances(SparseRows.of(own), SparseRows.of(self.by_item), self.lengths, distances)
        distances[block[:, None] == self.members] = np.inf
        return distances

    def means(self, distances: NDArray[np.float32], count: int) -> csr_matrix:
        """(n, n_items) mean vector of each customer's nearest members, `count` at most."""
        k, n_items = min(count, max(len(self.members) - 1, 1)), self.pooled.shape[1]
        nearest = np.ascontiguousarray(np.argpartition(distances, k - 1, axis=1)[:, :k])
        return csr_matrix(_means(nearest, SparseRows.of(self.pooled), n_items), (len(distances), n_items))


def tune_blend(histories: PurchaseHistories, truth: csr_matrix, cases: Int64s) -> Blend:
    """The blend with the highest NDCG@10 on the next baskets of these customers. truth: (n_customers,
    n_items), 0 or 1."""
    if not len(cases):
        return Blend()
    ndcg_of: dict[Blend, float] = {}
    for decay in DECAYS:
        pool = Pool.of(personal_vectors(histories, truth.shape[1], decay), pool_of(histories))
        blocks = [
            [pool.means(distances, peers) for peers in PEER_COUNTS]
            for distances in map(pool.distances, pool.blocks(cases))
        ]
        for peers, parts in zip(PEER_COUNTS, zip(*blocks, strict=True), strict=True):
            means = vstack(parts, format="csr")
            for share in OWN_SHARES:
                scores = csr_matrix(share * pool.vectors[cases] + (1 - share) * means)
                ndcg_of[Blend(decay, peers, share)] = ndcg_of_rows(scores, truth[cases])
    return max(ndcg_of, key=lambda blend: ndcg_of[blend])


def ndcg_of_rows(scores: csr_matrix, truth: csr_matrix, k: int = 10) -> float:
    """Mean NDCG@k of the rows of scores, with the whole truth for its ideal. truth: of 0 and 1."""
    best = strongest(scores, k)
    row = row_of_each(best)
    hit = np.asarray(truth[row, best.indices]).ravel() > 0
    ranks = np.arange(best.nnz) - best.indptr[row] + 1
    return float(ndcg_of_cases(row[hit], ranks[hit], np.diff(truth.indptr).astype(np.int64), k).mean())


@nogil_kernel((SPARSE_ROWS, SPARSE_ROWS, array(types.float32), array(types.float32, 2, out=True)))
def _distances(own: SparseRows, by_item: SparseRows, lengths: Float32s, distances: Float32s) -> None:
    """Writes squared distances less the customer's squared length. distances: (n_customers, members)."""
    for row in range(len(distances)):
        dots = distances[row]
        dots[:] = 0
        for position in range(own.offsets[row], own.offsets[row + 1]):
            item, weight = own.items[position], own.weights[position]
            for other in range(by_item.offsets[item], by_item.offsets[item + 1]):
                dots[by_item.items[other]] += weight * by_item.weights[other]
        for member in range(len(dots)):
            dots[member] = lengths[member] - np.float32(2) * dots[member]


@nogil_kernel((array(types.int64, 2), SPARSE_ROWS, types.int64))
def _means(nearest: Int64s, pooled: SparseRows, n_items: int) -> tuple[Float32s, Int32s, Int64s]:
    """(data, indices, offsets) of a csr matrix: the mean of the nearest members' vectors, row by row."""
    sums, offsets = np.zeros(n_items, np.float32), np.zeros(len(nearest) + 1, np.int64)
    shares, size = pooled.weights * np.float32(1 / nearest.shape[1]), 1
    for member in nearest.flat:
        size += pooled.offsets[member + 1] - pooled.offsets[member]
    items, means = np.empty(size, np.int32), np.empty(size, np.float32)
    for row in range(len(nearest)):
        start = end = offsets[row]
        for member in nearest[row]:
            for position in range(pooled.offsets[member], pooled.offsets[member + 1]):
                item = pooled.items[position]
                items[end] = item
                end += sums[item] == 0  # no branch: it would be mispredicted half the time
                sums[item] += shares[position]
        items[start:end] = items[start:end][::-1].copy()  # the order decides which of equal values is kept
        for position in range(start, end):
            means[position], sums[items[position]] = sums[items[position]], 0
        offsets[row + 1] = end
    return means[:end], items[:end], offsets
