"""Blending, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.candidates import Candidates, blend


def proposal(items: list[int], scores: list[float]) -> Candidates:
    return Candidates.unanchored(
        np.array(items, np.int32), np.array(scores, np.float32), np.zeros(len(items), np.int32)
    )


def test_each_source_counts_its_weight_and_repeats_add_up() -> None:
    ranking = blend([proposal([7, 3, 7], [1.0, 4.0, 1.0]), proposal([3, 9], [5.0, 10.0])], [1.0, 0.5])
    # source 0: item 3 -> 4/4, item 7 -> 2/4; source 1: item 9 -> 1, item 3 -> .5; weights 1 and .5
    assert ranking.items.tolist() == [3, 7, 9]
    assert ranking.scores.tolist() == pytest.approx([1.25 / 1.5, 0.5 / 1.5, 0.5 / 1.5])
    assert ranking.source.tolist() == [0, 0, 1]


def test_a_silent_source_takes_nothing_from_the_others() -> None:
    ranking = blend([proposal([1], [2.0]), Candidates.none()], [1.0, 1.0])
    assert ranking.scores.tolist() == pytest.approx([1.0])


def test_nothing_proposed_is_an_empty_ranking() -> None:
    assert blend([Candidates.none()], [1.0]).items.tolist() == []
