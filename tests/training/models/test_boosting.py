"""Boosting learns what puts the wanted first."""

from __future__ import annotations

import numpy as np

from training.models.boosting import BINS, LARGEST, Boosting, Lists, _edges, boost


def lists(seed: int = 0, n_lists: int = 200, length: int = 8) -> Lists:
    """In each list the row is wanted whose second feature is largest; the others are noise."""
    rows = np.random.default_rng(seed).random((n_lists * length, 3)).astype(np.float32)
    best = rows[:, 1].reshape(n_lists, length).argmax(axis=1) + np.arange(n_lists) * length
    wanted = np.zeros(len(rows))
    wanted[best] = 1.0
    return Lists(rows, wanted, np.repeat(np.arange(n_lists), length))


def first_places(scores: np.ndarray, of: Lists, length: int = 8) -> float:
    top = scores.reshape(-1, length).argmax(axis=1)
    return float(of.wanted.reshape(-1, length)[np.arange(len(top)), top].mean())


def test_the_wanted_come_first_in_lists_not_seen_before() -> None:
    trees = boost(lists(), Boosting(trees=40, depth=3, ridge=1.0, rate=0.3), np.random.default_rng(0))
    new = lists(seed=1)
    assert first_places(trees.score(new.rows), new) > 0.8  # by chance .125


def test_the_same_lists_and_seed_give_the_same_trees() -> None:
    how = Boosting(trees=5, depth=3)
    one, other = (boost(lists(), how, np.random.default_rng(3)) for _ in range(2))
    assert one.leaves.tolist() == other.leaves.tolist()
    assert one.thresholds.tolist() == other.thresholds.tolist()


def test_a_feature_of_few_values_has_few_edges() -> None:
    edges = _edges(np.array([0, 0, 0, 1, 1, 1], np.float32))
    assert len(edges) == BINS - 1
    assert np.isfinite(edges).all()
    assert edges[edges < LARGEST].tolist() == [0, 1]
