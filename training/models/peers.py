"""TIFU-KNN's neighbours (Hu et al. 2020): customers with alike vectors, and what they buy on average."""

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
from training.data.neighbours import ROWS, Weighted, as_rows, empty, row_of_each, strongest

POOL, SMALL_POOL = 20_000, 4_000  # customers, those who ordered last, among whom peers are looked for ...
COMPARISONS = 400_000_000  # ... at most so many times in all, however many customers
KEPT = 80
BLOCK_CELLS = 500_000  # of distances at a time: what is made of them stays in the processor's cache
DECAYS = 0.8, 0.9  # 1 wins while pasts are short, as they are before the last basket, and loses later
PEER_COUNTS, OWN_SHARES = (100, 300), (0.1, 0.15, 0.2, 0.3, 0.5)

Rows = NDArray[np.int64]


class Blend(NamedTuple):
    """score = own_share x own vector + (1 - own_share) x mean of the `peers` nearest vectors."""

    decay: float = 0.9
    peers: int = 300
    own_share: float = 0.15


def personal_vectors(pasts: PurchaseHistories, n_items: int, decay: float) -> csr_matrix:
    """(n_customers, n_items) float32: `next_basket.personal_vector` of everybody."""
    shape = len(pasts.offsets) - 1, n_items
    weights = personal_weights(pasts, decay)
    vectors = csr_matrix((weights, pasts.items, pasts.offsets), shape=shape, copy=True)
    vectors.sum_duplicates()  # in place
    return vectors


def personal_weights(pasts: PurchaseHistories, decay: float) -> NDArray[np.float32]:
    """`recommender`'s of every line of everybody: decay^(baskets since), adding up to 1."""
    starts, ends = pasts.offsets[:-1], pasts.offsets[1:]
    begun = np.ones(len(pasts.days), np.bool_)
    begun[1:] = pasts.days[1:] != pasts.days[:-1]
    begun[starts[starts < ends]] = True
    basket = np.concatenate([[0], np.cumsum(begun)])  # how many began before a line
    n_baskets = basket[ends] - basket[starts]
    age = np.repeat(basket[ends], ends - starts) - basket[1:]
    total = np.concatenate([[1.0], np.cumsum(decay ** np.arange(n_baskets.max(initial=0)))])
    return np.asarray(decay**age / np.repeat(total[n_baskets], ends - starts), np.float32)


def pool_for(n_customers: int) -> int:
    """Among how many customers the peers of so many are looked for."""
    return int(np.clip(COMPARISONS // max(n_customers, 1), SMALL_POOL, POOL))


def fit_peers(pasts: PurchaseHistories, n_items: int, blend: Blend, whose: Rows, among: int) -> Peers:
    """The KEPT largest values of what the peers of each of these customers buy; nothing for all others.

    among: so many customers, those who ordered last.
    """
    pool = Pool.of(personal_vectors(pasts, n_items, blend.decay), pool_of(pasts, among))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        means = list(
            threads.map(
                lambda block: strongest(pool.means(pool.distances(block), blend.peers), KEPT),
                pool.blocks(whose),
            )
        )
    found = csr_matrix(vstack([*means, empty(0, n_items)], format="csr"))
    found.sort_indices()
    sizes = np.zeros(len(pasts.offsets) - 1, np.int64)
    sizes[whose] = np.diff(found.indptr)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return Peers(offsets, found.indices.astype(np.int32), found.data.astype(np.float32))


def pool_of(pasts: PurchaseHistories, at_most: int = POOL) -> Rows:
    """Customers with orders, ascending; of many, those who ordered last."""
    somebody = np.flatnonzero(np.diff(pasts.offsets))
    newest = pasts.days[pasts.offsets[somebody + 1] - 1]
    return np.sort(somebody[np.argsort(-newest, kind="stable")[:at_most]])


class Pool(NamedTuple):
    """Among whom peers are looked for. vectors: of everybody; pooled, lengths: the vectors of these `members`
    and their squared lengths; by_item: who of them bought each product."""

    vectors: csr_matrix
    members: Rows
    pooled: csr_matrix
    lengths: NDArray[np.float32]
    by_item: csr_matrix

    @classmethod
    def of(cls, vectors: csr_matrix, members: Rows) -> Pool:
        pooled = vectors[members]
        lengths = np.asarray(pooled.multiply(pooled).sum(axis=1), np.float32).ravel()
        return cls(vectors, members, pooled, lengths, pooled.T.tocsr())

    def blocks(self, whose: Rows) -> list[Rows]:
        """The same customers, as many at a time as may be compared with all members."""
        step = max(1, BLOCK_CELLS // max(len(self.members), 1))
        return [whose[start : start + step] for start in range(0, len(whose), step)]

    def distances(self, block: Rows) -> NDArray[np.float32]:
        """(n, members) what ranks the members by Euclidean distance to each customer, themselves last."""
        own, distances = self.vectors[block], np.empty((len(block), len(self.members)), np.float32)
        _distances(as_rows(own), as_rows(self.by_item), self.lengths, distances)
        distances[block[:, None] == self.members] = np.inf
        return distances

    def means(self, distances: NDArray[np.float32], count: int) -> csr_matrix:
        """(n, n_items) the mean vector of each one's nearest, `count` at most."""
        k, n_items = min(count, max(len(self.members) - 1, 1)), self.pooled.shape[1]
        nearest = np.ascontiguousarray(np.argpartition(distances, k - 1, axis=1)[:, :k])
        return csr_matrix(_means(nearest, as_rows(self.pooled), n_items), (len(distances), n_items))


def tune(pasts: PurchaseHistories, truth: csr_matrix, cases: Rows) -> Blend:
    """The blend that best ranks what these customers bought next. truth: (n_customers, n_items), 0 or 1."""
    if not len(cases):
        return Blend()
    found: dict[Blend, float] = {}
    for decay in DECAYS:
        pool = Pool.of(personal_vectors(pasts, truth.shape[1], decay), pool_of(pasts))
        blocks = [
            [pool.means(distances, peers) for peers in PEER_COUNTS]
            for distances in map(pool.distances, pool.blocks(cases))
        ]
        for peers, parts in zip(PEER_COUNTS, zip(*blocks, strict=True), strict=True):
            means = vstack(parts, format="csr")
            for share in OWN_SHARES:
                scores = csr_matrix(share * pool.vectors[cases] + (1 - share) * means)
                found[Blend(decay, peers, share)] = ndcg(scores, truth[cases])
    return max(found, key=lambda blend: found[blend])


def ndcg(scores: csr_matrix, truth: csr_matrix, k: int = 10) -> float:
    """Mean discounted gain of each row's k best, over that of a list which begins with the whole truth."""
    best = strongest(scores, k)
    row = row_of_each(best)
    hit = np.asarray(truth[row, best.indices]).ravel()
    gain = np.bincount(row, hit / np.log2(np.arange(best.nnz) - best.indptr[row] + 2), best.shape[0])
    sizes = np.diff(truth.indptr)
    ideal = np.concatenate([[1.0], np.cumsum(1 / np.log2(np.arange(2, sizes.max() + 2)))])
    return float((gain / ideal[sizes]).mean())


@nogil_kernel((ROWS, ROWS, array(types.float32), array(types.float32, 2, out=True)))
def _distances(own: Weighted, by_item: Weighted, lengths: Float32s, distances: Float32s) -> None:
    """Writes of each customer how far each member is, but for the customer's own length."""
    for row in range(len(distances)):
        dots = distances[row]
        dots[:] = 0
        for place in range(own[0][row], own[0][row + 1]):
            item, weight = own[1][place], own[2][place]
            for other in range(by_item[0][item], by_item[0][item + 1]):
                dots[by_item[1][other]] += weight * by_item[2][other]
        for member in range(len(dots)):
            dots[member] = lengths[member] - np.float32(2) * dots[member]


@nogil_kernel((array(types.int64, 2), ROWS, types.int64))
def _means(nearest: Int64s, pooled: Weighted, n_items: int) -> tuple[Float32s, Int32s, Int64s]:
    """Columns of a sparse matrix: data, indices, offsets."""
    sums, offsets = np.zeros(n_items, np.float32), np.zeros(len(nearest) + 1, np.int64)
    shares, room = pooled[2] * np.float32(1 / nearest.shape[1]), 1
    for member in nearest.flat:
        room += pooled[0][member + 1] - pooled[0][member]
    items, means = np.empty(room, np.int32), np.empty(room, np.float32)
    for row in range(len(nearest)):
        start = end = offsets[row]
        for member in nearest[row]:
            for place in range(pooled[0][member], pooled[0][member + 1]):
                item = pooled[1][place]
                items[end] = item
                end += sums[item] == 0  # no branch: it would be guessed wrong half the time
                sums[item] += shares[place]
        items[start:end] = items[start:end][::-1].copy()  # which of equal ones is kept hangs on their order
        for place in range(start, end):
            means[place], sums[items[place]] = sums[items[place]], 0
        offsets[row + 1] = end
    return means[:end], items[:end], offsets
