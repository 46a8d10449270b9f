"""Learning to rank by gradient boosting on histograms: oblivious trees under a listwise softmax loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.kernels.trees import Trees

BINS = 32
Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]
Binned = NDArray[np.int8]  # (n_features, n)


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

    def joined(self, other: Lists) -> Lists:
        """These lists and then the others."""
        if not self.n_lists or not other.n_lists:
            return self if self.n_lists else other
        return Lists(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.wanted, other.wanted]),
            np.concatenate([self.group, other.group + self.n_lists]),
        )

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
        [np.searchsorted(edge, column) for edge, column in zip(edges, lists.rows.T, strict=True)],
        dtype=np.int8,
        casting="same_kind",
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


def _grow(binned: Binned, gradient: Numbers, curvature: Numbers, how: Boosting) -> list[tuple[int, int]]:
    """(feature, edge) of each level: the question that gains most, summed over the level's nodes."""
    node = np.zeros(len(gradient), np.intp)
    sums = _sums(binned, node, gradient, curvature, 1)
    splits: list[tuple[int, int]] = []
    for level in range(how.depth):
        feature, place = np.unravel_index(int(np.argmax(_gains(sums, how.ridge))), (len(binned), BINS - 1))
        splits.append((int(feature), int(place)))
        if level + 1 < how.depth:
            right = binned[feature] > place
            sums = _of_children(sums, binned, node, right, gradient, curvature)
            node |= right.astype(np.intp) << level
    return splits


def _sums(binned: Binned, node: Rows, gradient: Numbers, curvature: Numbers, nodes: int) -> Numbers:
    """(2, n_features, nodes, BINS): gradients and curvatures of each bin of each node, added up."""
    cells = [node * BINS + column for column in binned]
    sums = [[np.bincount(cell, values, nodes * BINS) for cell in cells] for values in (gradient, curvature)]
    return np.array(sums).reshape(2, len(binned), nodes, BINS)


def _of_children(
    sums: Numbers, binned: Binned, node: Rows, right: NDArray[np.bool_], gradient: Numbers, curvature: Numbers
) -> Numbers:
    """The sums after a split. Of two children the smaller is counted, the larger is what is left."""
    nodes = sums.shape[2]
    sizes = np.bincount(node, minlength=nodes)
    right_is_small = 2 * np.bincount(node[right], minlength=nodes) <= sizes
    counted = np.flatnonzero(right == right_is_small[node])
    small = _sums(binned[:, counted], node[counted], gradient[counted], curvature[counted], nodes)
    large, swap = sums - small, right_is_small[:, None]
    return np.concatenate([np.where(swap, large, small), np.where(swap, small, large)], axis=2)


def _gains(sums: Numbers, ridge: float) -> Numbers:
    """(n_features, BINS - 1): what a split after each bin gains, summed over the nodes."""
    slope, bend = sums.cumsum(axis=3)
    right, right_bend = slope[..., -1:] - slope, bend[..., -1:] - bend
    gain = slope**2 / (bend + ridge) + right**2 / (right_bend + ridge)
    return np.asarray(gain.sum(axis=1)[:, :-1])


def _leaf_of(binned: Binned, splits: list[tuple[int, int]]) -> Rows:
    leaf = np.zeros(binned.shape[1], np.intp)
    for level, (feature, place) in enumerate(splits):
        leaf |= (binned[feature] > place).astype(np.intp) << level
    return leaf
