"""Blending, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.candidates import Board, Candidates, Evidence, Line, Pool, blend


def proposal(items: list[int], scores: list[float]) -> Candidates:
    return Candidates.unanchored(
        np.array(items, np.int32), np.array(scores, np.float32), np.zeros(len(items), np.int32)
    )


EVERYTHING = np.ones(10, np.bool_)


def blended(
    proposals: list[Candidates], weights: list[float], allowed: np.ndarray = EVERYTHING
) -> Pool | Line:
    return blend(proposals, weights, allowed, Board(len(allowed)))


def test_each_source_counts_its_weight_and_repeats_add_up() -> None:
    repeated = proposal([7, 3, 7], [1.0, 4.0, 1.0])._replace(repeated=True)
    ranking = blended([repeated, proposal([3, 9], [5.0, 10.0])], [1.0, 0.5]).best()
    # source 0: item 3 -> 4/4, item 7 -> 2/4; source 1: item 9 -> 1, item 3 -> .5; weights 1 and .5
    assert ranking.items.tolist()[0] == 3
    assert dict(zip(ranking.items.tolist(), ranking.scores.tolist(), strict=True)) == pytest.approx(
        {3: 1.25 / 1.5, 7: 0.5 / 1.5, 9: 0.5 / 1.5}
    )


def test_what_may_not_be_shown_neither_stands_nor_sets_the_scale() -> None:
    ranking = blended([proposal([7, 3], [8.0, 2.0])], [1.0], np.arange(10) != 7).best()
    assert ranking.items.tolist() == [3]
    assert ranking.scores.tolist() == pytest.approx([1.0])


def test_a_sum_below_zero_is_no_proposal() -> None:
    cart = proposal([7, 3, 7], [1.0, 4.0, -2.0])._replace(repeated=True)
    assert blended([cart], [1.0]).best().items.tolist() == [3]


def test_evidence_is_the_loudest_source_and_its_loudest_place() -> None:
    anchored = Candidates(
        np.array([3, 3, 7], np.int32),
        np.array([1.0, 2.0, 6.0], np.float32),
        np.array([4, 5, 6], np.int32),
        np.array([10, 20, 30], np.int32),
        repeated=True,
    )
    pool = blended([anchored, proposal([3, 9], [9.0, 10.0])], [1.0, 0.2])
    assert pool.evidence(np.array([3, 9], np.int32)) == [Evidence(0, 5, 20), Evidence(1, -1, 0)]


def test_a_silent_source_takes_nothing_from_the_others() -> None:
    ranking = blended([proposal([1], [2.0]), Candidates.none()], [1.0, 1.0]).best()
    assert ranking.scores.tolist() == pytest.approx([1.0])


def test_nothing_proposed_is_an_empty_ranking() -> None:
    pool = blended([Candidates.none()], [1.0])
    assert pool.best(3).items.tolist() == []
    assert pool.evidence(pool.best().items) == []


@given(
    places=st.lists(st.tuples(st.integers(0, 9), st.floats(0.125, 10, width=16)), min_size=1, max_size=60),
    k=st.integers(1, 12),
)
def test_the_best_k_are_the_head_of_the_whole_ranking(places: list[tuple[int, float]], k: int) -> None:
    items, scores = zip(*places, strict=True)
    pool = blended([proposal(list(items), list(scores))._replace(repeated=True)], [1.0])
    whole, head = pool.best(), pool.best(k)
    assert head.scores.tolist() == whole.scores.tolist()[:k]
    assert len(set(head.items.tolist())) == len(head.items) == min(k, len(set(items)))


def test_the_board_forgets() -> None:
    board = Board(4)
    items, scores = np.array([2, 0, 2], np.int32), np.array([1.0, 2.0, 3.0], np.float32)
    assert board.totals(items, scores).tolist() == board.totals(items, scores).tolist() == [4.0, 2.0, 4.0]


@given(
    scores=st.lists(st.floats(0.125, 10, width=16), min_size=1, max_size=10, unique=True),
    barred=st.sets(st.integers(0, 9)),
    k=st.integers(1, 12),
)
def test_a_proposal_in_order_is_answered_as_any_other(scores: list[float], barred: set[int], k: int) -> None:
    found = proposal(list(range(len(scores))), sorted(scores, reverse=True))
    allowed = np.array([item not in barred for item in range(10)])
    line, pool = (blended([each], [1.0], allowed) for each in (found._replace(ordered=True), found))
    assert isinstance(line, Line)
    assert isinstance(pool, Pool)
    short, whole = line.best(k), pool.best(k)
    assert short.items.tolist() == whole.items.tolist()
    assert short.scores.tolist() == pytest.approx(whole.scores.tolist())
    assert line.evidence(short.items) == pool.evidence(whole.items)
