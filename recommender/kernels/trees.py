"""Gradient-boosted trees, walked for many rows at once: QuickScorer (Lucchese et al. 2015).

Every split of a tree is tested on every row, without a branch: each test excludes leaves, and the row's leaf
is the first that remains. That is several times as fast as going down from the root, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float32s, Int32s, Int64s
from recommender.kernels.compiled import FLOAT32_ROWS, FLOAT32S_OUT, INT64S, array, compiled

LEAVES = 32  # of a tree, at most: one bit each
ALL_LEAVES = (1 << LEAVES) - 1
DE_BRUIJN = 0x077CB531  # times a power of two, its upper five bits tell which power: the slot of a leaf
Masks = NDArray[np.uint32]


class Split(NamedTuple):
    """A node of a tree: `high` where the feature is above the threshold, else `low`. A leaf is its value."""

    feature: int
    threshold: float
    low: Split | float
    high: Split | float


@dataclass(frozen=True)
class Trees:
    """features int32, thresholds float32, masks uint32: (n_trees, n_splits); leaves: (n_trees, 32) float32.

    masks: the leaves that remain where the feature is above the threshold, the leftmost as the lowest bit.
    """

    features: Int32s
    thresholds: Float32s
    masks: Masks
    leaves: Float32s

    @classmethod
    def of(cls, roots: Sequence[Split | float]) -> Trees:
        """The trees with these roots. Thresholds are rounded down: for float32 features that changes nothing.
        ValueError where one has more than 32 leaves."""
        flat = [_flat(root) for root in roots]
        shape = len(flat), max((len(splits) for splits, _ in flat), default=1) or 1
        features, thresholds = np.zeros(shape, np.int32), np.full(shape, np.inf, np.float32)
        masks, leaves = np.full(shape, ALL_LEAVES, np.uint32), np.zeros((len(flat), LEAVES), np.float32)
        for tree, (splits, values) in enumerate(flat):
            for column, (feature, threshold, mask) in enumerate(splits):
                features[tree, column], thresholds[tree, column] = feature, _rounded_down(threshold)
                masks[tree, column] = mask
            leaves[tree, [_slot(leaf) for leaf in range(len(values))]] = values
        return cls(features, thresholds, masks, leaves)

    @classmethod
    def none(cls) -> Trees:
        return cls.of([])

    def __len__(self) -> int:
        return len(self.leaves)

    @property
    def columns(self) -> tuple[Int32s, Float32s, Masks, Float32s]:
        """As kernels take them."""
        return self.features, self.thresholds, self.masks, self.leaves

    def first(self, n_trees: int) -> Trees:
        """The first trees alone."""
        return Trees(*(column[:n_trees] for column in self.columns))  # type: ignore[arg-type]

    def score(self, rows: Float32s, start: Float32s | None = None) -> Float32s:
        """(n) float32 for rows (n, n_features), all finite. start: (n), to which the trees add."""
        scores = np.zeros(len(rows), np.float32) if start is None else start.copy()
        add_leaves(*self.columns, np.ascontiguousarray(rows), scores)
        return scores

    def chances(self, rows: Float32s, start: Float32s | None = None, lists: Int64s | None = None) -> Float32s:
        """(n) float32 above 0: exp(score - best score of the list).

        lists: where each list of rows begins, and the end of the last; none is empty.
        """
        scores = self.score(rows, start)
        to_chances(scores, np.array([0, len(scores)]) if lists is None else lists)
        return scores


def _flat(root: Split | float) -> tuple[list[tuple[int, float, int]], list[float]]:
    """(feature, threshold and mask of each split, leaves from left to right)."""
    splits: list[tuple[int, float, int]] = []
    leaves: list[float] = []

    def walk(node: Split | float) -> None:
        if not isinstance(node, Split):
            leaves.append(node)
            return
        first = len(leaves)
        walk(node.low)
        splits.append((node.feature, node.threshold, ALL_LEAVES ^ ((1 << len(leaves)) - (1 << first))))
        walk(node.high)

    walk(root)
    if len(leaves) > LEAVES:
        raise ValueError(f"a tree has {len(leaves)} leaves, {LEAVES} are the most")
    return splits, leaves


def _rounded_down(threshold: float) -> np.float32:
    near = np.float32(threshold)
    return near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf))


def _slot(leaf: int) -> int:
    return ((DE_BRUIJN << leaf) & ALL_LEAVES) >> 27


@compiled(
    (
        array(types.int32, 2),
        FLOAT32_ROWS,
        array(types.uint32, 2),
        *[FLOAT32_ROWS] * 2,
        FLOAT32S_OUT,
    )
)
def add_leaves(
    features: Int32s, thresholds: Float32s, masks: Masks, leaves: Float32s, rows: Float32s, scores: Float32s
) -> None:
    """Adds to each row's score the leaves that it reaches."""
    columns, remaining, all_leaves = rows.T.copy(), np.empty(len(rows), np.uint32), np.uint32(ALL_LEAVES)
    for tree in range(len(leaves)):
        remaining[:], values = all_leaves, leaves[tree]
        for split in range(features.shape[1]):
            column, threshold = columns[features[tree, split]], thresholds[tree, split]
            mask = masks[tree, split]
            for row in range(len(rows)):  # contiguous and of one type: the compiler vectorises it
                remaining[row] &= mask if column[row] > threshold else all_leaves
        for row in range(len(rows)):
            lowest = remaining[row] & (~remaining[row] + np.uint32(1))
            scores[row] += values[np.uint32(lowest * np.uint32(DE_BRUIJN)) >> np.uint32(27)]


@compiled((FLOAT32S_OUT, INT64S))
def to_chances(scores: Float32s, lists: Int64s) -> None:
    """Writes exp(score - largest of the list)."""
    for number in range(len(lists) - 1):
        largest = scores[lists[number] : lists[number + 1]].max()
        for row in range(lists[number], lists[number + 1]):
            scores[row] = np.exp(scores[row] - largest)
