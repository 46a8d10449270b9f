import numpy as np
import pytest

from recommender.arrays.dtypes import Float32s
from recommender.kernels.trees import Split, Trees
from recommender.kernels.visit import VISIT_FEATURES
from training.models.boosting import Lists
from training.models.session_ranking import (
    FEWEST_LISTS,
    Look,
    fit_visit_trees,
    lists_of_looks,
    reciprocal_ranks,
)

from bundles import item, sessions, small_tables

SAME_CATEGORY, WIDTH = 12, 10


def lists(n: int, seed: int, *, telling: bool) -> Lists:
    """n lists of candidates with any sums; one is wanted, which the category tells or nothing does."""
    rng = np.random.default_rng(seed)
    rows = np.ones((n, WIDTH, VISIT_FEATURES), np.float32)
    rows[:, :, :2] = rng.random((n, WIDTH, 1))
    wanted = np.arange(WIDTH) == rng.integers(WIDTH, size=(n, 1))
    rows[:, :, SAME_CATEGORY] = wanted if telling else rng.random((n, WIDTH)) < 0.5
    return Lists.of(list(rows), list(wanted))


def ranks_of(trees: Trees, rows: Float32s, wanted: int) -> float:
    return reciprocal_ranks(trees, Lists.of([rows], [np.arange(len(rows)) == wanted])).item()


def test_trees_are_chosen_where_they_rank_later_visits_better() -> None:
    judging = lists(FEWEST_LISTS, 2, telling=True)
    trees = fit_visit_trees(lists(FEWEST_LISTS, 1, telling=True), judging, seed=7)
    assert reciprocal_ranks(trees, judging).mean() > 0.95
    assert reciprocal_ranks(Trees.none(), judging).mean() < 0.5


def test_none_are_chosen_where_nothing_tells_what_comes_next() -> None:
    learning, judging = (lists(FEWEST_LISTS, seed, telling=seed == 1) for seed in (1, 2))
    assert not len(fit_visit_trees(learning, judging, seed=7))


@pytest.mark.parametrize(("learn", "judge"), [(FEWEST_LISTS - 1, FEWEST_LISTS), (FEWEST_LISTS, 9)])
def test_few_visits_teach_nothing(learn: int, judge: int) -> None:
    assert not len(fit_visit_trees(lists(learn, 1, telling=True), lists(judge, 2, telling=True), seed=7))


def test_ranks_begin_with_the_share_and_end_at_twenty() -> None:
    rows = np.zeros((40, VISIT_FEATURES), np.float32)
    rows[:, 0] = np.linspace(1, 0.1, 40)
    turned = Trees.of([Split(0, 0.6, 9.0, 0.0)])  # a small share first
    assert ranks_of(Trees.none(), rows, 2) == pytest.approx(1 / 3)
    assert ranks_of(Trees.none(), rows, 20) == 0.0
    assert ranks_of(turned, rows, 0) == 0.0


def test_a_list_holds_what_a_visit_may_look_at_next() -> None:
    tables = small_tables()
    onward = sessions({"pot": [("tin", 2.0, 7), ("cup", 1.0, 3)]}, (0.5, 0.0, 0.0))
    looks = [Look([item("pot")], item("cup")), Look([item("pot")], item("tea")), Look([item("tea")], 0)]
    found = lists_of_looks(looks, onward, tables.product.kinds)
    assert found.n_lists == 1  # tea is no candidate, and nothing lies beyond tea
    assert found.wanted.tolist() == [0.0, 1.0]
    assert found.rows[:, 0].tolist() == [1.0, 0.5]
