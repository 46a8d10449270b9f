"""Neighbour lists from sparse matrices, block by block: all pairs at once would not fit in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, diags_array, vstack

from recommender.arrays.dtypes import Bools, Float32s, Int32s, Int64s
from recommender.arrays.tables import Neighbours
from recommender.kernels.compiled import array, compiled, nogil_kernel

PAIRS_AT_ONCE = 30_000_000


class SparseRows(NamedTuple):
    """A csr matrix as kernels take it: where each row begins (and the end), columns, and their weights."""

    offsets: Int64s
    items: Int32s
    weights: Float32s

    @classmethod
    def of(cls, matrix: csr_matrix | csc_matrix) -> SparseRows:
        """The rows of a csr, the columns of a csc matrix."""
        offsets, items = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32, copy=False)
        return cls(offsets, items, matrix.data.astype(np.float32, copy=False))


_COLUMNS = [array(kind, out=True) for kind in (types.int64, types.int32, types.float32)]
SPARSE_ROWS = types.NamedTuple(_COLUMNS, SparseRows)  # type: ignore[no-untyped-call]


def row_of_each(matrix: csr_matrix) -> NDArray[np.int64]:
    """The row of every stored value, in storage order."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def inner_products(
    item_rows: csr_matrix, block_cells: int = PAIRS_AT_ONCE
) -> Iterator[tuple[int, csr_matrix]]:
    """`item_rows @ item_rows.T` in blocks: (first row, block of rows), columns ascending in each row.

    item_rows: (n_items, d). Where rows are orders' columns, the values count orders with both.
    """
    n_items = item_rows.shape[0]
    columns = item_rows.T.tocsr()
    step = max(1, block_cells // max(n_items, 1))
    for start in range(0, n_items, step):
        block = item_rows[start : start + step] @ columns
        block.sort_indices()
        yield start, block


def strongest(weights: csr_matrix, k: int, *, signed: bool = False) -> csr_matrix:
    """The k largest positive weights of each row, largest first; equal ones in order of the column.

    signed: weights below 0 count by their size as well.
    """
    size = np.abs(weights.data) if signed else weights.data
    starts = weights.indptr.astype(np.int64)
    kept, indptr, tied = _strongest_positions(starts, size, min(k, weights.shape[1]))
    for row in np.flatnonzero(tied):  # numpy chooses among those equal to the last
        positions = starts[row] + np.flatnonzero(size[starts[row] : starts[row + 1]] > 0)
        positions = np.sort(positions[np.argpartition(-size[positions], k - 1)[:k]])
        kept[indptr[row] : indptr[row + 1]] = positions[np.argsort(-size[positions], kind="stable")]
    return csr_matrix((weights.data[kept], weights.indices[kept], indptr), shape=weights.shape)


def stacked(blocks: list[csr_matrix], n_items: int) -> csr_matrix:
    """Blocks of rows in one matrix; (n_items, n_items)."""
    return csr_matrix(vstack([*blocks, empty(0, n_items)], format="csr"))


def values_at(weights: csr_matrix, row: NDArray[Any], column: NDArray[Any]) -> NDArray[Any]:
    """The weights at these places, 0 where there is none."""
    if not len(row):
        return np.zeros(0, weights.dtype)
    return np.asarray(weights[row, column]).ravel()


def empty(rows: int, columns: int) -> csr_matrix:
    """No weights at all."""
    return csr_matrix(np.zeros((rows, columns), np.float32))


def only(weights: csr_matrix, kept: NDArray[np.bool_]) -> csr_matrix:
    """The stored values under a mask in storage order; the others are no longer stored."""
    sizes = np.bincount(row_of_each(weights)[kept], minlength=weights.shape[0])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return csr_matrix((weights.data[kept], weights.indices[kept], indptr), shape=weights.shape)


def one_of_each_group(weights: csr_matrix, group: NDArray[np.int32]) -> csr_matrix:
    """Of each row the best of every group of variants, and none of the row's own; equal ones by column.

    group: (n_items), -1 where a product stands alone.
    """
    if not (group >= 0).any():
        return weights
    row, partner = row_of_each(weights), group[weights.indices]
    order = np.lexsort((weights.indices, -weights.data, partner, row))
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (row[order][1:] != row[order][:-1]) | (partner[order][1:] != partner[order][:-1])
    kept = np.zeros(len(order), np.bool_)
    kept[order] = is_first
    return only(weights, (kept & (partner != group[row])) | (partner < 0))


def as_neighbours(weights: csr_matrix, buyer_items: csr_matrix, at_least: int = 0) -> Neighbours:
    """Neighbour lists of the pairs with `at_least` buyers of both, each row in the order of `weights`."""
    together = bought_together(weights, buyer_items)
    return neighbour_lists(only(weights, together >= at_least), together[together >= at_least])


def neighbour_lists(weights: csr_matrix, together: Int32s) -> Neighbours:
    """The stored values as neighbour lists. together: (n stored), in storage order."""
    rows = SparseRows.of(weights)
    return Neighbours(rows.offsets, rows.items, rows.weights, together)


def matrix_of(table: Neighbours) -> csr_matrix:
    """The weights of neighbour lists as a matrix, rows in their order."""
    n_items = len(table.offsets) - 1
    return csr_matrix((table.weights, table.items, table.offsets), shape=(n_items, n_items))


def bought_together(pairs: csr_matrix, buyer_items: csr_matrix) -> NDArray[np.int32]:
    """(n stored) in storage order: how many buyers bought both products of each stored pair."""
    counts, buyers = np.zeros(pairs.nnz, np.int32), SparseRows.of(buyer_items.tocsc())
    _count_together(SparseRows.of(pairs), buyers, SparseRows.of(buyer_items), counts)
    return counts


@compiled()
def _kth_largest(values: NDArray[np.floating], k: int) -> float:
    """The k-th largest above 0, or the smallest above 0 where there are fewer."""
    best = [values[0] for _ in range(0)]  # an empty list whose type numba can infer
    for value in values[::-1]:
        if len(best) < k:
            if value > 0:
                heapq.heappush(best, value)
        elif value > best[0]:
            heapq.heapreplace(best, value)
    return best[0] if len(best) > 0 else np.inf


@nogil_kernel(*[(array(types.int64), array(kind), types.int64) for kind in (types.float32, types.float64)])
def _strongest_positions(starts: Int64s, size: NDArray[np.floating], k: int) -> tuple[Int64s, Int64s, Bools]:
    """(positions of the k largest above 0 of each row, largest first; where those of each row begin; which
    rows have more values equal to their last)."""
    n = len(starts) - 1
    kept, indptr, tied = np.empty(len(size), np.int64), np.zeros(n + 1, np.int64), np.zeros(n, np.bool_)
    largest = np.empty(k, np.int64)
    for row in range(n):
        least, n_kept = _kth_largest(size[starts[row] : starts[row + 1]], k), 0
        for position in range(starts[row], starts[row + 1]):
            if size[position] >= least:
                tied[row] |= n_kept == k
                if n_kept < k:
                    largest[n_kept] = position
                    n_kept += 1
        first_n = largest[:n_kept]
        indptr[row + 1] = indptr[row] + n_kept
        kept[indptr[row] : indptr[row + 1]] = first_n[np.argsort(-size[first_n], kind="mergesort")]
    return kept[: indptr[-1]].copy(), indptr, tied


@nogil_kernel((SPARSE_ROWS, SPARSE_ROWS, SPARSE_ROWS, array(types.int32, out=True)))
def _count_together(pairs: SparseRows, buyers: SparseRows, bought: SparseRows, together: Int32s) -> None:
    """Writes for each pair how many customers bought both. buyers: of each item; bought: by each buyer."""
    counts = np.zeros(len(buyers.offsets) - 1, np.int32)
    for row in range(len(pairs.offsets) - 1):
        pair = slice(pairs.offsets[row], pairs.offsets[row + 1])
        if pair.start == pair.stop:
            continue
        for step in (1, 0):  # count, then clear: the array is far longer than what was counted
            for buyer in buyers.items[buyers.offsets[row] : buyers.offsets[row + 1]]:
                for item in bought.items[bought.offsets[buyer] : bought.offsets[buyer + 1]]:
                    counts[item] = step * (counts[item] + 1)
            if step:
                together[pair] = counts[pairs.items[pair]]


def fill_empty_rows(weights: csr_matrix, other: csr_matrix) -> csr_matrix:
    """`weights`, with the rows of `other` where it has none."""
    lacking = csr_matrix(diags_array((np.diff(weights.indptr) == 0).astype(np.float32)))
    return strongest(csr_matrix(weights + lacking @ other), weights.shape[1], signed=True)
