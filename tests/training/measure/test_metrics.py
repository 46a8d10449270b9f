from math import inf, log2

import numpy as np
import pytest

from training.measure.metrics import Ranked, estimate, is_better, measure, ndcg_of_cases, ranks_of_truth, top


def ranked(items: list[int], scores: list[float] | None = None) -> Ranked:
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
def test_ranks_of_the_truth_and_ties_at_their_middle(
    items: list[int], scores: list[float] | None, truth: list[int], expected: list[float]
) -> None:
    assert ranks_of_truth(ranked(items, scores), np.array(truth, np.int32)).tolist() == expected


def test_the_top_holds_what_ties_with_its_last_and_nothing_without_a_score() -> None:
    answer = top(np.array([0.0, 3.0, 1.0, 1.0, 9.0, 1.0]), 3)
    assert answer.items.tolist() == [4, 1, 2, 3, 5]
    assert top(np.array([0.0, 2.0, 0.0]), 3).items.tolist() == [1]
    assert top(np.array([]), 3).items.tolist() == []


@pytest.mark.parametrize(
    ("name", "ranks", "expected"),
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
def test_measures_by_hand(name: str, ranks: list[float], expected: float) -> None:
    assert measure(name)(np.array(ranks, np.float64)) == pytest.approx(expected)


def test_ndcg_of_many_cases_is_that_of_each() -> None:
    """Ranks 1 and 4 of three wanted items, none of two, and rank 2 of one."""
    case, ranks, n_wanted = np.array([0, 0, 2]), np.array([1, 4, 2]), np.array([3, 2, 1])
    each = [measure("ndcg@3_full")(np.array(one, np.float64)) for one in ([1, 4, inf], [inf, inf], [2])]
    assert ndcg_of_cases(case, ranks, n_wanted, 3) == pytest.approx(each)


def test_a_measure_without_its_ideal_is_refused() -> None:
    with pytest.raises(KeyError):
        measure("ndcg@10")


def test_an_estimate_holds_the_mean_within_its_interval() -> None:
    interval = estimate([0.0, 1.0] * 50, seed=1)
    assert interval["value"] == 0.5
    assert 0.35 < interval["low"] < 0.5 < interval["high"] < 0.65
    for n in (1, 5):
        assert estimate([1.0] * n, seed=1) == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_better_is_more_than_so_many_standard_errors() -> None:
    gain, nothing = np.array([1.0, 0, 0, 0]), np.zeros(4)  # mean .25, standard error sqrt(3) / 8 = .217
    assert is_better(gain, nothing)
    assert not is_better(gain, nothing, errors=2)
