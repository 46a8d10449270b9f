"""Trees, scored by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.kernels.trees import Trees

TREES = Trees(
    features=np.array([[0, 1], [1, 1]], np.int32),
    thresholds=np.array([[0.5, 10.0], [10.0, np.inf]], np.float32),
    leaves=np.array([[1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4]], np.float32),
)


@pytest.mark.parametrize(
    ("row", "score"), [((0, 0), 1.1), ((1, 0), 2.1), ((0, 11), 3.2), ((1, 11), 4.2), ((0.5, 10), 1.1)]
)
def test_a_row_gets_the_sum_of_its_leaves(row, score) -> None:
    assert TREES.score(np.array([row], np.float32)) == pytest.approx([score])


def test_many_rows_score_as_each_alone() -> None:
    rows = np.random.default_rng(1).uniform(0, 20, (50, 2)).astype(np.float32)
    assert TREES.score(rows).tolist() == [float(TREES.score(row[None])[0]) for row in rows]


def test_the_first_trees_alone() -> None:
    assert TREES.first(1).score(np.zeros((1, 2), np.float32)).tolist() == [1.0]
    assert len(Trees.none()) == 0
