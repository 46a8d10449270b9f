"""What goes with a whole cart: EASE (Steck 2019) on the products that sell most."""

import os

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from training.data.neighbours import empty, stacked, strongest
from training.errors import CannotTrain

ROWS_AT_ONCE = 1_000  # rows pruned at a time


def gram_of(orders: csr_matrix) -> NDArray[np.float32]:
    """X'X (n, n) of the orders X: (n_orders, n) of 0 and 1."""
    gram: NDArray[np.float32] = csr_matrix(orders.T @ orders, dtype=np.float32).toarray(order="F")
    return gram


def fit_ease(gram: NDArray[np.float32], ridge: float) -> NDArray[np.float32]:
    """B (n, n) float32 with a zero diagonal; a cart's scores are the sum of its products' rows.

    P = (X'X + ridge I)^-1, B_ij = -P_ij / P_jj (eq. 8). gram: X'X, which is overwritten.
    """
    np.fill_diagonal(gram, gram.diagonal() + np.float32(ridge))
    weights = _inverted(gram)
    weights /= -weights.diagonal()
    np.fill_diagonal(weights, 0.0)
    return weights


def ease_companions(orders: csr_matrix, ridge: float, products: int, kept: int) -> csr_matrix:
    """(n_items, n_items): the `kept` largest weights, of either sign, of the `products` that sell most.

    Weights below 0 are kept, because they matter: 100 weights a product lose 3 % of NDCG without them and
    1 % with them, against all weights.
    """
    n_items = orders.shape[1]
    sold = np.asarray(orders.sum(axis=0)).ravel()
    covered = np.sort(np.argsort(-sold, kind="stable")[: min(products, int((sold > 0).sum()))])
    if not len(covered):
        return empty(n_items, n_items)
    weights = fit_ease(gram_of(orders[:, covered].tocsr()), ridge)
    return _spread(_pruned(weights, kept), covered, n_items)


def _pruned(weights: NDArray[np.float32], kept: int) -> csr_matrix:
    blocks = [weights[start : start + ROWS_AT_ONCE] for start in range(0, len(weights), ROWS_AT_ONCE)]
    return stacked([_top(block, min(kept, len(weights))) for block in blocks], len(weights))


def _top(block: NDArray[np.float32], kept: int) -> csr_matrix:
    rows, n = block.shape
    top = np.argpartition(np.abs(block), n - kept, axis=1)[:, n - kept :]
    values = np.take_along_axis(block, top, axis=1)
    indptr = np.arange(0, rows * kept + 1, kept)
    return strongest(csr_matrix((values.ravel(), top.ravel(), indptr), shape=block.shape), kept, signed=True)


def _inverted(gram: NDArray[np.float32]) -> NDArray[np.float32]:
    """Inverse of a positive definite matrix by Cholesky, in place of the matrix."""
    with threadpool_limits(os.cpu_count(), "blas"):
        factor, failed = lapack.spotrf(gram, lower=True, overwrite_a=True)
        inverse, not_inverted = lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed or not_inverted:
        raise CannotTrain("the cart model has no solution; raise PERENNIAL_TRAIN_EASE_LAMBDA")
    mirrored: NDArray[np.float32] = inverse.T  # rows one after another, the lower triangle still to be filled
    for start in range(0, len(mirrored), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        mirrored[block, :start] = mirrored[:start, block].T
        own = np.triu(mirrored[block, block])
        mirrored[block, block] = own + np.triu(own, 1).T
    return mirrored


def _spread(weights: csr_matrix, rows: NDArray[np.int64], n_items: int) -> csr_matrix:
    """The weights as a matrix of the whole catalogue. rows: its row of each of theirs."""
    sizes = np.zeros(n_items, np.int64)
    sizes[rows] = np.diff(weights.indptr)
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return csr_matrix((weights.data, rows[weights.indices], indptr), shape=(n_items, n_items))
