"""TIFU-KNN's neighbours (Hu et al. 2020): customers with alike vectors, and what they buy on average."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from recommender.next_basket_table import Pasts, Peers
from training.neighbours import empty, row_of_each, strongest

POOL, SMALL_POOL = 20_000, 4_000  # customers, those who ordered last, among whom peers are looked for ...
COMPARISONS = 400_000_000  # ... at most so many times in all, however many customers
KEPT = 80
BLOCK_CELLS = 8_000_000
DECAYS = 0.8, 0.9  # 1 wins while pasts are short, as they are before the last basket, and loses later
PEER_COUNTS, OWN_SHARES = (100, 300), (0.1, 0.15, 0.2, 0.3, 0.5)

Rows = NDArray[np.int64]


class Blend(NamedTuple):
    """score = own_share x own vector + (1 - own_share) x mean of the `peers` nearest vectors."""

    decay: float = 0.9
    peers: int = 300
    own_share: float = 0.15


def personal_vectors(pasts: Pasts, n_items: int, decay: float) -> csr_matrix:
    """(n_customers, n_items) float32: `next_basket.personal_vector` of everybody."""
    shape = len(pasts.offsets) - 1, n_items
    weights = personal_weights(pasts, decay)
    vectors = csr_matrix((weights, pasts.items, pasts.offsets), shape=shape, copy=True)
    vectors.sum_duplicates()  # in place
    return vectors


def personal_weights(pasts: Pasts, decay: float) -> NDArray[np.float32]:
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


def fit_peers(pasts: Pasts, n_items: int, blend: Blend, whose: Rows, among: int) -> Peers:
    """The KEPT largest values of what the peers of each of these customers buy; nothing for all others.

    among: so many customers, those who ordered last.
    """
    vectors, pool = personal_vectors(pasts, n_items, blend.decay), pool_of(pasts, among)
    means = [strongest(block, KEPT) for block in peer_means(vectors, pool, whose, (blend.peers,))]
    found = csr_matrix(vstack(means, format="csr")) if means else empty(0, n_items)
    found.sort_indices()
    sizes = np.zeros(len(pasts.offsets) - 1, np.int64)
    sizes[whose] = np.diff(found.indptr)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return Peers(offsets, found.indices.astype(np.int32), found.data.astype(np.float32))


def pool_of(pasts: Pasts, at_most: int = POOL) -> Rows:
    """Customers with orders, ascending; of many, those who ordered last."""
    somebody = np.flatnonzero(np.diff(pasts.offsets))
    newest = pasts.days[pasts.offsets[somebody + 1] - 1]
    return np.sort(somebody[np.argsort(-newest, kind="stable")[:at_most]])


def peer_means(
    vectors: csr_matrix, pool: Rows, whose: Rows, peer_counts: tuple[int, ...]
) -> Iterator[csr_matrix]:
    """For blocks of `whose`, one after the other: the mean vector of each one's nearest in the pool.

    Nearest by Euclidean distance, themselves left out. One block for each of `peer_counts` in turn.
    """
    pooled = vectors[pool]
    lengths = np.asarray(pooled.multiply(pooled).sum(axis=1), np.float32).ravel()
    columns, most = pooled.T.tocsr(), max(len(pool) - 1, 1)
    step = max(1, BLOCK_CELLS // max(len(pool), 1))
    for start in range(0, len(whose), step):
        block = whose[start : start + step]
        distances = lengths - 2 * (vectors[block] @ columns).toarray()
        distances[block[:, None] == pool] = np.inf
        for count in peer_counts:
            k = min(count, most)
            nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
            offsets = np.arange(0, len(block) * k + 1, k)
            members = csr_matrix(
                (np.full(nearest.size, 1 / k, np.float32), nearest.ravel(), offsets), shape=distances.shape
            )
            yield csr_matrix(members @ pooled)


def tune(pasts: Pasts, truth: csr_matrix, cases: Rows) -> Blend:
    """The blend that best ranks what these customers bought next. truth: (n_customers, n_items), 0 or 1."""
    if not len(cases):
        return Blend()
    found: dict[Blend, float] = {}
    for decay in DECAYS:
        vectors = personal_vectors(pasts, truth.shape[1], decay)
        blocks = list(peer_means(vectors, pool_of(pasts), cases, PEER_COUNTS))
        for which, peers in enumerate(PEER_COUNTS):
            means = vstack(blocks[which :: len(PEER_COUNTS)], format="csr")
            for share in OWN_SHARES:
                scores = csr_matrix(share * vectors[cases] + (1 - share) * means)
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
