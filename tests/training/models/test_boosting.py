"""Boosting learns what puts the wanted first, and serving's trees say what LightGBM's say."""

import lightgbm
import numpy as np
import pytest

from training.models.boosting import Boosting, Lists, boost, exported


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
    trees = boost(lists(), Boosting(trees=40, rate=0.3), np.random.default_rng(0))
    new = lists(seed=1)
    assert first_places(trees.score(new.rows), new) > 0.8  # by chance .125


def test_trees_take_back_what_was_wrongly_known_before() -> None:
    known = lists()
    start = -2 * known.rows[:, 1]  # the wanted come last
    how = Boosting(trees=100, rate=0.3)
    added, alone = (boost(known, how, np.random.default_rng(0), each) for each in (start, None))
    assert first_places(added.score(known.rows) + start, known) > 0.9
    assert np.ptp(added.score(known.rows)) > np.ptp(alone.score(known.rows))


def test_the_same_lists_and_seed_give_the_same_trees() -> None:
    one, other = (boost(lists(), Boosting(trees=5), np.random.default_rng(3)) for _ in range(2))
    assert all(map(np.array_equal, one.columns, other.columns))


@pytest.mark.parametrize("n_leaves", [2, 8, 32])
def test_serving_scores_10_000_rows_as_lightgbm_does(n_leaves: int) -> None:
    rng = np.random.default_rng(n_leaves)
    rows = rng.normal(size=(10_000, 4)).astype(np.float32)
    rows[:, 3] = rng.integers(-2, 3, 10_000)  # thresholds next to 0
    wanted = rows[:, 0] * rows[:, 1] + np.sin(3 * rows[:, 2]) + (rows[:, 3] == 0)
    settings = {"num_leaves": n_leaves, "use_missing": False, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, wanted), 50)
    trees = exported(booster.dump_model())
    for feature in range(4):  # rows next to every threshold, too
        near = trees.thresholds[(trees.features == feature) & np.isfinite(trees.thresholds)]
        rows[: len(near), feature] = near
        rows[len(near) : 2 * len(near), feature] = np.nextafter(near, np.float32(np.inf))
    rows[np.abs(rows) < 1e-34] = 0  # LightGBM takes them for it, too
    assert trees.score(rows) == pytest.approx(booster.predict(rows, num_threads=1), abs=1e-5)
