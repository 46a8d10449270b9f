"""Neighbour lists out of sparse matrices, block by block: all pairs at once would not fit in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
from numba import types
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, diags_array, vstack

from recommender.arrays.dtypes import Bools, Float32s, Int32s, Int64s
from recommender.arrays.tables import Neighbours
from recommender.kernels.compiled import array, compiled, nogil_kernel

BLOCK_CELLS = 30_000_000
Rows = tuple[Int64s, Int32s]  # offsets, and what lies between them
Weighted = tuple[Int64s, Int32s, Float32s]

_rows = types.Tuple((array(types.int64), array(types.int32)))  # type: ignore[no-untyped-call]
ROWS = types.Tuple((*_rows, array(types.float32)))  # type: ignore[no-untyped-call]


def row_of_each(matrix: csr_matrix) -> NDArray[np.int64]:
    """The row of every stored value, in storage order."""
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def inner_products(item_rows: csr_matrix, block_cells: int = BLOCK_CELLS) -> Iterator[tuple[int, csr_matrix]]:
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
    kept, indptr, tied = _strongest(starts, size, min(k, weights.shape[1]))
    for row in np.flatnonzero(tied):  # which of those equal at the end stays is numpy's choice
        places = starts[row] + np.flatnonzero(size[starts[row] : starts[row + 1]] > 0)
        places = np.sort(places[np.argpartition(-size[places], k - 1)[:k]])
        kept[indptr[row] : indptr[row + 1]] = places[np.argsort(-size[places], kind="stable")]
    return csr_matrix((weights.data[kept], weights.indices[kept], indptr), shape=weights.shape)


def stacked(blocks: list[csr_matrix], n_items: int) -> csr_matrix:
    """Blocks of rows in one matrix; (n_items, n_items)."""
    return csr_matrix(vstack([*blocks, empty(0, n_items)], format="csr"))


def empty(rows: int, columns: int) -> csr_matrix:
    """No weights at all."""
    return csr_matrix(np.zeros((rows, columns), np.float32))


def only(weights: csr_matrix, kept: NDArray[np.bool_]) -> csr_matrix:
    """Those stored values, in their order. kept: a mask in storage order."""
    sizes = np.bincount(row_of_each(weights)[kept], minlength=weights.shape[0])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return csr_matrix((weights.data[kept], weights.indices[kept], indptr), shape=weights.shape)


def as_neighbours(weights: csr_matrix, buyer_items: csr_matrix, at_least: int = 0) -> Neighbours:
    """Neighbour lists (rows sorted as they shall be served) of pairs with `at_least` buyers of both."""
    together = bought_together(weights, buyer_items)
    kept = only(weights, together >= at_least)
    return Neighbours(
        offsets=kept.indptr.astype(np.int64),
        items=kept.indices.astype(np.int32),
        weights=kept.data.astype(np.float32),
        together=together[together >= at_least],
    )


def matrix_of(table: Neighbours) -> csr_matrix:
    """The weights of neighbour lists as a matrix, rows in their order."""
    n_items = len(table.offsets) - 1
    return csr_matrix((table.weights, table.items, table.offsets), shape=(n_items, n_items))


def bought_together(pairs: csr_matrix, buyer_items: csr_matrix) -> NDArray[np.int32]:
    """How many buyers bought both products of each stored pair, in storage order; 0 is possible."""
    found, by_item = np.zeros(pairs.nnz, np.int32), buyer_items.tocsc()
    _count_together(_rows_of(pairs), _rows_of(by_item), _rows_of(buyer_items), found)
    return found


def as_rows(matrix: csr_matrix) -> Weighted:
    """Where each row begins, what it holds, and its weights: as kernels take it."""
    return *_rows_of(matrix), matrix.data


def _rows_of(matrix: csr_matrix | csc_matrix) -> Rows:
    """Where each row (column, of a csc matrix) begins, and what it holds."""
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32, copy=False)


@compiled()
def _least_of_best(values: Float32s, k: int) -> float:
    """The k-th largest above 0, of fewer the smallest."""
    best = [values[0] for _ in range(0)]  # of none the type would not be known
    for value in values[::-1]:
        if len(best) < k:
            if value > 0:
                heapq.heappush(best, value)
        elif value > best[0]:
            heapq.heapreplace(best, value)
    return best[0] if len(best) > 0 else np.inf


@nogil_kernel(*[(array(types.int64), array(kind), types.int64) for kind in (types.float32, types.float64)])
def _strongest(starts: Int64s, size: Float32s, k: int) -> tuple[Int64s, Int64s, Bools]:
    """(places of the k largest above 0 of each row, largest first; where each row's begin; which rows have
    more that are as large as the last)."""
    n = len(starts) - 1
    kept, indptr, tied = np.empty(len(size), np.int64), np.zeros(n + 1, np.int64), np.zeros(n, np.bool_)
    found = np.empty(k, np.int64)
    for row in range(n):
        least, many = _least_of_best(size[starts[row] : starts[row + 1]], k), 0
        for place in range(starts[row], starts[row + 1]):
            if size[place] >= least:
                tied[row] |= many == k
                if many < k:
                    found[many] = place
                    many += 1
        first = found[:many]
        indptr[row + 1] = indptr[row] + many
        kept[indptr[row] : indptr[row + 1]] = first[np.argsort(-size[first], kind="mergesort")]
    return kept[: indptr[-1]].copy(), indptr, tied


@nogil_kernel((_rows, _rows, _rows, array(types.int32, out=True)))
def _count_together(pairs: Rows, buyers: Rows, bought: Rows, found: Int32s) -> None:
    """Writes of each pair how many buyers of the one, `buyers`, `bought` the other."""
    counts = np.zeros(len(buyers[0]) - 1, np.int32)
    for row in range(len(pairs[0]) - 1):
        wanted = slice(pairs[0][row], pairs[0][row + 1])
        if wanted.start == wanted.stop:
            continue
        for step in (1, 0):  # count, then clear: the array is far longer than what was counted
            for buyer in buyers[1][buyers[0][row] : buyers[0][row + 1]]:
                for item in bought[1][bought[0][buyer] : bought[0][buyer + 1]]:
                    counts[item] = step * (counts[item] + 1)
            if step:
                found[wanted] = counts[pairs[1][wanted]]


def fill_empty_rows(weights: csr_matrix, other: csr_matrix) -> csr_matrix:
    """`weights`, with the rows of `other` where it has none."""
    lacking = csr_matrix(diags_array((np.diff(weights.indptr) == 0).astype(np.float32)))
    return strongest(csr_matrix(weights + lacking @ other), weights.shape[1], signed=True)
