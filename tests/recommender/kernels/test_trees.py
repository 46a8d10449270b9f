"""Trees, scored by hand."""

import numpy as np
import pytest

from recommender.kernels.trees import LEAVES, Split, Trees

TREES = Trees.of([Split(0, 0.5, 1, Split(1, 10, 2, 4)), Split(1, 10, Split(0, 0.25, 0.1, 0.2), 0.3), 0.5])


@pytest.mark.parametrize(
    ("row", "score"), [((0, 0), 1.6), ((1, 0), 2.7), ((0, 11), 1.8), ((1, 11), 4.8), ((0.5, 10), 1.7)]
)
def test_a_row_gets_the_sum_of_its_leaves(row: tuple[float, float], score: float) -> None:
    assert TREES.score(np.array([row], np.float32)) == pytest.approx([score])


def test_many_rows_score_as_each_alone() -> None:
    rows = np.random.default_rng(1).uniform(0, 20, (50, 2)).astype(np.float32)
    assert TREES.score(rows).tolist() == [float(TREES.score(row[None])[0]) for row in rows]


def test_the_first_trees_alone() -> None:
    assert TREES.first(1).score(np.zeros((1, 2), np.float32)).tolist() == [1.0]
    assert len(Trees.none()) == 0


def test_each_of_the_leaves_of_a_full_tree_is_reached() -> None:
    def stairs(n_leaves: int) -> Trees:
        node: Split | float = float(n_leaves - 1)
        for step in range(n_leaves - 2, -1, -1):
            node = Split(0, step, float(step), node)
        return Trees.of([node])

    places = np.arange(LEAVES, dtype=np.float32)
    assert stairs(LEAVES).score(places[:, None]).tolist() == places.tolist()
    with pytest.raises(ValueError, match="33 leaves"):
        stairs(LEAVES + 1)


def test_a_threshold_between_two_floats_parts_them() -> None:
    below = np.float32(0.1)
    above = np.nextafter(below, np.float32(1))
    between = (float(below) + float(above)) / 2 + 1e-10  # nearer to the upper one
    rows = np.array([[below], [above]])
    assert Trees.of([Split(0, between, 1.0, 2.0)]).score(rows).tolist() == [1.0, 2.0]
