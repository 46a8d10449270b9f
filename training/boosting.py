"""Learning to rank by gradient boosting on histograms: oblivious trees under a listwise softmax loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.boosting import Trees

BINS = 32
Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]


class Boosting(NamedTuple):
    """How to boost; `ridge` and `rate` tame each leaf, `share` of the rows grows each tree."""

    trees: int = 100
    depth: int = 5
    rate: float = 0.1
    ridge: float = 20.0
    share: float = 0.5


class Lists(NamedTuple):
    """Candidates to be ordered. rows: (n, n_features) float32; wanted: (n) of 0 and 1; group: (n), which
    list each belongs to, ascending. Every list holds something wanted."""

    rows: NDArray[np.float32]
    wanted: Numbers
    group: Rows

    @classmethod
    def none(cls) -> Lists:
        return cls(np.empty((0, 0), np.float32), np.empty(0), np.empty(0, np.intp))

    @property
    def n_lists(self) -> int:
        """Of lists."""
        return int(self.group[-1]) + 1 if len(self.group) else 0

    def where(self, kept: NDArray[np.bool_]) -> Lists:
        return Lists(self.rows[kept], self.wanted[kept], self.group[kept])


LARGEST = np.finfo(np.float32).max


def boost(
    lists: Lists, how: Boosting, rng: np.random.Generator, start: NDArray[np.floating] | None = None
) -> Trees:
    """Trees whose score, added to `start` (n), puts the wanted first in each list.

    Loss: cross-entropy between the softmax over a list and its wanted ones (ListNet; Cao et al. 2007).
    Trees: symmetric, as in CatBoost (Prokhorenkova et al. 2018).
    """
    edges = [_edges(column) for column in lists.rows.T]
    binned = np.stack(
        [np.searchsorted(edge, column) for edge, column in zip(edges, lists.rows.T, strict=True)]
    )
    starts = np.flatnonzero(np.r_[True, np.diff(lists.group) > 0])
    sizes = np.diff(np.r_[starts, len(lists.group)])
    wanted = np.repeat(np.add.reduceat(lists.wanted, starts), sizes)
    score = np.zeros(len(lists.group)) if start is None else start.astype(np.float64)
    grown: list[tuple[list[int], list[float], Numbers]] = []
    for _ in range(how.trees):
        chance = _softmax(score, starts, sizes)
        gradient, curvature = chance * wanted - lists.wanted, chance * (1 - chance) * wanted + 1e-6
        drawn = np.flatnonzero(rng.random(len(score)) < how.share)
        splits = _grow(binned[:, drawn], gradient[drawn], curvature[drawn], how)
        leaf = _leaf_of(binned, splits)
        size = 1 << how.depth
        slope = np.bincount(leaf[drawn], gradient[drawn], size)
        value = -how.rate * slope / (np.bincount(leaf[drawn], curvature[drawn], size) + how.ridge)
        score += value[leaf]
        thresholds = [float(edges[feature][place]) for feature, place in splits]
        grown.append(([feature for feature, _ in splits], thresholds, value))
    features, thresholds_of, leaves = zip(*grown, strict=True)
    return Trees(
        np.array(features, np.int32), np.array(thresholds_of, np.float32), np.array(leaves, np.float32)
    )


def _edges(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """(BINS - 1) thresholds between bins of about equal size; a value equal to one lies below it.

    A feature of few values has fewer: the largest number, which no value passes, takes the other places.
    """
    found = np.unique(np.quantile(column, np.arange(1, BINS) / BINS, method="lower"))
    return np.concatenate([found, np.full(BINS - 1 - len(found), LARGEST)]).astype(np.float32)


def _softmax(score: Numbers, starts: Rows, sizes: Rows) -> Numbers:
    weight = np.exp(score - np.repeat(np.maximum.reduceat(score, starts), sizes))
    return np.asarray(weight / np.repeat(np.add.reduceat(weight, starts), sizes))


def _grow(binned: Rows, gradient: Numbers, curvature: Numbers, how: Boosting) -> list[tuple[int, int]]:
    """(feature, edge) of each level: the question that gains most, summed over the level's nodes."""
    node = np.zeros(len(gradient), np.intp)
    splits: list[tuple[int, int]] = []
    for level in range(how.depth):
        gains = [
            _gains(node * BINS + column, gradient, curvature, 1 << level, how.ridge) for column in binned
        ]
        feature, place = np.unravel_index(int(np.argmax(gains)), (len(binned), BINS - 1))
        splits.append((int(feature), int(place)))
        node |= (binned[feature] > place).astype(np.intp) << level
    return splits


def _gains(cell: Rows, gradient: Numbers, curvature: Numbers, nodes: int, ridge: float) -> Numbers:
    """(BINS - 1): what a split after each bin gains. cell: node x BINS + bin of each row."""
    slope = np.bincount(cell, gradient, nodes * BINS).reshape(nodes, BINS).cumsum(axis=1)
    bend = np.bincount(cell, curvature, nodes * BINS).reshape(nodes, BINS).cumsum(axis=1)
    right, right_bend = slope[:, -1:] - slope, bend[:, -1:] - bend
    gain = slope**2 / (bend + ridge) + right**2 / (right_bend + ridge)
    return np.asarray(gain.sum(axis=0)[:-1])


def _leaf_of(binned: Rows, splits: list[tuple[int, int]]) -> Rows:
    leaf = np.zeros(binned.shape[1], np.intp)
    for level, (feature, place) in enumerate(splits):
        leaf |= (binned[feature] > place).astype(np.intp) << level
    return leaf
