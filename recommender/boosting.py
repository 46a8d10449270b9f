"""Gradient-boosted oblivious trees: all nodes of a level ask the same question, so scoring is two gathers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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

    def first(self, n_trees: int) -> Trees:
        """The first trees alone."""
        return Trees(self.features[:n_trees], self.thresholds[:n_trees], self.leaves[:n_trees])

    def score(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n) float32 for rows (n, n_features)."""
        n_trees, depth = self.features.shape
        asked = np.ascontiguousarray(rows.T).take(self.features.T.ravel(), axis=0)
        above = (asked > self.thresholds.T.reshape(-1, 1)).view(np.uint8).reshape(depth, n_trees, len(rows))
        bits = above[0]
        for level in range(1, depth):
            bits = bits | above[level] << level
        leaf = bits + np.arange(0, self.leaves.size, 1 << depth, dtype=np.intp)[:, None]
        return np.asarray(self.leaves.ravel().take(leaf).sum(axis=0), np.float32)
