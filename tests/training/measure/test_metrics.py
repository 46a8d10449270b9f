from __future__ import annotations

from math import inf, log2

import numpy as np
import pytest

from training.measure.metrics import Ranked, estimate, measure, ranks, top


def ranked(items, scores=None) -> Ranked:
    return Ranked(np.array(items, np.int32), None if scores is None else np.array(scores))


@pytest.mark.parametrize(
    ("items", "scores", "truth", "expected"),
    [
        ([7, 8, 9], None, [9, 7], [3, 1]),
        ([7, 8, 9], None, [1], [inf]),
        ([], None, [1, 2], [inf, inf]),
        ([7, 8, 9], [3.0, 2.0, 1.0], [8], [2]),
        ([7, 8, 9], [2.0, 1.0, 1.0], [8, 9], [2.5, 2.5]),
        ([7, 8, 9, 6], [5.0, 5.0, 5.0, 1.0], [9, 6], [2, 4]),
    ],
)
def test_ranks_of_the_truth_and_ties_at_their_middle(items, scores, truth, expected):
    assert ranks(ranked(items, scores), np.array(truth, np.int32)).tolist() == expected


def test_the_top_holds_what_ties_with_its_last_and_nothing_without_a_score():
    found = top(np.array([0.0, 3.0, 1.0, 1.0, 9.0, 1.0]), 3)
    assert found.items.tolist() == [4, 1, 2, 3, 5]
    assert top(np.array([0.0, 2.0, 0.0]), 3).items.tolist() == [1]
    assert top(np.array([]), 3).items.tolist() == []


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("hr@2", [inf, 2], 1.0),
        ("hr@2", [3], 0.0),
        ("phr@10", [10, 11], 1.0),
        ("recall@2", [1, 3, inf], 1 / 3),
        ("mrr@20", [4, 20], 1 / 4),
        ("mrr@20", [21], 0.0),
        ("mrr@20", [2.5], 0.4),
        ("ndcg@2_full", [1, 2, inf], (1 + 1 / log2(3)) / (1 + 1 / log2(3) + 1 / log2(4))),
        ("ndcg@2_cut", [1, 2, inf], 1.0),
        ("ndcg@10_full", [3], 1 / log2(4)),
        ("ndcg@10_cut", [inf], 0.0),
    ],
)
def test_measures_by_hand(name, found, expected):
    assert measure(name)(np.array(found, np.float64)) == pytest.approx(expected)


def test_a_measure_without_its_ideal_is_refused():
    with pytest.raises(KeyError):
        measure("ndcg@10")


def test_an_estimate_holds_the_mean_within_its_interval():
    found = estimate([0.0, 1.0] * 50, seed=1)
    assert found["value"] == 0.5
    assert 0.35 < found["low"] < 0.5 < found["high"] < 0.65
    for n in (1, 5):
        assert estimate([1.0] * n, seed=1) == {"value": 1.0, "low": 1.0, "high": 1.0}
