"""Gradient-boosted oblivious trees: all nodes of a level ask the same question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.typing import NDArray

from recommender.kernels.ranking import Floats, Ints, Places, array, compiled


@dataclass(frozen=True)
class Trees:
    """features int32, thresholds float32: (n_trees, depth <= 8); leaves: (n_trees, 2^depth) float32.

    A row's leaf has bit d set where its feature of level d is above that level's threshold.
    """

    features: NDArray[np.int32]
    thresholds: NDArray[np.float32]
    leaves: NDArray[np.float32]

    @classmethod
    def none(cls) -> Trees:
        return cls(np.empty((0, 1), np.int32), np.empty((0, 1), np.float32), np.empty((0, 2), np.float32))

    def __len__(self) -> int:
        return len(self.leaves)

    @property
    def columns(self) -> tuple[Ints, Floats, Floats]:
        """As kernels take them."""
        return self.features, self.thresholds, self.leaves

    def first(self, n_trees: int) -> Trees:
        """The first trees alone."""
        return Trees(self.features[:n_trees], self.thresholds[:n_trees], self.leaves[:n_trees])

    def score(self, rows: Floats, start: Floats | None = None) -> Floats:
        """(n) float32 for rows (n, n_features). start: (n), to which the trees add."""
        scores = np.zeros(len(rows), np.float32) if start is None else start.copy()
        add_leaves(*self.columns, np.ascontiguousarray(rows), scores)
        return scores

    def chances(self, rows: Floats, start: Floats | None = None, lists: Places | None = None) -> Floats:
        """(n) float32, above 0: exp(score), beside the best one's.

        lists: where several lists begin, and the end of the last; none is empty.
        """
        scores = self.score(rows, start)
        to_chances(scores, np.array([0, len(scores)]) if lists is None else lists)
        return scores


@compiled((array(types.int32, 2), *[array(types.float32, 2)] * 3, array(types.float32, out=True)))
def add_leaves(features: Ints, thresholds: Floats, leaves: Floats, rows: Floats, scores: Floats) -> None:
    """Adds to each row's score the leaves that it reaches."""
    columns, leaf, none = rows.T.copy(), np.empty(len(rows), np.uint32), np.uint32(0)
    for tree in range(len(leaves)):
        leaf[:], values = none, leaves[tree]
        for level in range(features.shape[1]):
            column, threshold = columns[features[tree, level]], thresholds[tree, level]
            bit = np.uint32(1 << level)
            for row in range(len(rows)):  # one after another in memory, of one type: several at once
                leaf[row] += bit if column[row] > threshold else none
        for row in range(len(rows)):
            scores[row] += values[leaf[row]]


@compiled((array(types.float32, out=True), array(types.int64)))
def to_chances(scores: Floats, lists: Places) -> None:
    """Writes exp(score - largest of the list)."""
    for which in range(len(lists) - 1):
        largest = scores[lists[which] : lists[which + 1]].max()
        for row in range(lists[which], lists[which + 1]):
            scores[row] = np.exp(scores[row] - largest)
