from __future__ import annotations

from math import log2

import numpy as np
import pytest

from recommender.request import Request
from training.evaluation import Case, estimate, evaluate, hit, ndcg_full, spread

from bundles import NOW


def case(*truth: int) -> Case:
    return Case(Request("home", now=NOW.timestamp()), np.array(truth, np.int32))


@pytest.mark.parametrize(
    ("answer", "truth", "hits", "ndcg"),
    [
        ([1, 2, 3], [1], 1, 1.0),
        ([1, 2, 3], [3], 1, 1 / log2(4)),
        ([1, 2], [2, 9, 8], 1, (1 / log2(3)) / (1 + 1 / log2(3) + 1 / log2(4))),
        ([1, 2], [9], 0, 0.0),
        ([], [9], 0, 0.0),
    ],
)
def test_metrics_by_hand(answer, truth, hits, ndcg):
    known = np.array(truth, np.int32)
    assert hit(answer, known) == hits
    assert ndcg_full(answer, known) == pytest.approx(ndcg)


def test_an_estimate_holds_the_mean_within_its_interval():
    found = estimate([0.0, 1.0] * 50, seed=1)
    assert found["value"] == 0.5
    assert 0.35 < found["low"] < 0.5 < found["high"] < 0.65
    assert estimate([1.0] * 5, seed=1) == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_all_rankers_answer_the_same_cases_and_coverage_counts_what_they_show():
    right = {"right": lambda case, k: case.truth.tolist()[:k], "wrong": lambda *_: [5]}
    found = evaluate([case(1), case(2, 3), case(1)], right, n_items=6, seed=1)
    assert found["right"]["ndcg@10_full"]["value"] == 1.0
    assert found["right"]["coverage@10"]["value"] == 0.5
    assert found["wrong"]["hr@10"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_sample_of_cases_is_drawn_by_lot_and_in_order():
    chosen = [int(one.truth[0]) for one in spread(iter([case(n) for n in range(100)]), 20, seed=1)]
    assert len(chosen) == 20
    assert chosen == sorted(set(chosen))
    assert chosen != list(range(20))
