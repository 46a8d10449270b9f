"""Blending, by hand.

Covers recommender/kernels/ranking.py and item_table.py, too.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.kernels.ranking import SORTED_WHOLE
from recommender.sources.candidates import BlendedRanking, Candidates, blend, neighbours_of

from bundles import item, neighbours


def proposal(items: list[int], scores: list[float]) -> Candidates:
    return Candidates.unanchored(
        np.array(items, np.int32), np.array(scores, np.float32), np.zeros(len(items), np.int32)
    )


EVERYTHING = np.ones(300, np.bool_)


def blended(
    proposals: list[Candidates],
    weights: list[float],
    allowed: np.ndarray = EVERYTHING,
    k: int | None = None,
    hidden: list[int] | None = None,
) -> BlendedRanking:
    return blend(proposals, np.array(weights), allowed.copy(), np.array(hidden or [], np.int32), k)


def evidence(found: BlendedRanking) -> dict[int, tuple[int, int, int]]:
    """Item -> source, anchor, count."""
    items, sources, anchors, counts, _ = found.lists()
    return dict(zip(items, zip(sources, anchors, counts, strict=True), strict=True))


def test_each_source_counts_its_weight_and_repeats_add_up() -> None:
    ranking = blended([proposal([7, 3, 7], [1.0, 4.0, 1.0]), proposal([3, 9], [5.0, 10.0])], [1.0, 0.5])
    # source 0: item 3 -> 4/4, item 7 -> 2/4; source 1: item 9 -> 1, item 3 -> .5; weights 1 and .5
    assert ranking.items.tolist() == [3, 7, 9]
    assert ranking.scores.tolist() == pytest.approx([1.25 / 1.5, 0.5 / 1.5, 0.5 / 1.5])


def test_what_may_not_be_shown_is_left_out_and_sets_no_scale() -> None:
    ranking = blended([proposal([7, 3], [8.0, 2.0])], [1.0], np.arange(10) != 7)
    assert ranking.items.tolist() == [3]
    assert ranking.scores.tolist() == pytest.approx([1.0])


def test_a_sum_below_zero_is_no_proposal() -> None:
    assert blended([proposal([7, 3, 7], [1.0, 4.0, -2.0])], [1.0]).items.tolist() == [3]


def test_evidence_is_of_the_best_source_and_its_best_candidate() -> None:
    anchored = Candidates(
        np.array([3, 3, 7], np.int32),
        np.array([1.0, 2.0, 6.0], np.float32),
        np.array([4, 5, 6], np.int32),
        np.array([10, 20, 30], np.int32),
    )
    found = evidence(blended([anchored, proposal([3, 9], [9.0, 10.0])], [1.0, 0.2]))
    assert (found[3], found[9]) == ((0, 5, 20), (1, -1, 0))


def test_a_source_without_candidates_takes_nothing_from_the_others() -> None:
    ranking = blended([proposal([1], [2.0]), Candidates.none()], [1.0, 1.0])
    assert ranking.scores.tolist() == pytest.approx([1.0])


def test_nothing_proposed_is_an_empty_ranking() -> None:
    assert evidence(blended([Candidates.none()], [1.0])) == {}


Votes = list[tuple[int, float]]
lines = st.lists(st.tuples(st.integers(0, 299), st.floats(-10, 10, width=16)), min_size=1, max_size=400)


@given(votes=lines, k=st.sampled_from([1, 3, 8, SORTED_WHOLE, SORTED_WHOLE + 1]))
def test_the_best_k_are_the_head_of_the_whole_ranking(votes: Votes, k: int) -> None:
    found = [proposal(*map(list, zip(*votes, strict=True)))]
    whole, head = blended(found, [1.0]), blended(found, [1.0], k=k)
    assert head.lists() == tuple(column[:k] for column in whole.lists())


@given(votes=lines, barred=st.sets(st.integers(0, 299)))
def test_it_is_what_numpy_says(votes: Votes, barred: set[int]) -> None:
    items, scores = zip(*votes, strict=True)
    allowed = np.array([each not in barred for each in range(300)])
    sums = np.bincount(items, scores, 300) * allowed
    ranking = blended([proposal(list(items), list(scores))], [1.0], allowed)
    expected = sums[sums > 1e-3]
    assert len(set(ranking.items.tolist())) == len(ranking.items)
    assert np.all(np.diff(ranking.scores) <= 0)
    totals = sums[ranking.items]
    assert len(totals) >= len(expected)
    assert ranking.scores == pytest.approx(totals / max(sums.max(), 1e-12), abs=1e-3)


def test_neighbours_come_with_their_anchors() -> None:
    table = neighbours({"kettle": [("tea", 0.6, 16), ("mug", 0.3, 10)], "tea": [("tin", 0.5, 5)]})
    found = neighbours_of(table, [item("kettle"), item("tea")], [1.0, 0.5], at_most=1)
    assert found.items.tolist() == [item("tea"), item("tin")]
    assert found.scores.tolist() == pytest.approx([0.6, 0.25])
    assert found.anchors.tolist() == [item("kettle"), item("tea")]
    assert found.counts.tolist() == [16, 5]
    assert neighbours_of(table, [], []).items.tolist() == []


def test_votes_that_all_but_cancel_out_count_no_more_than_all() -> None:
    votes = [0.02997342, -0.02995879]
    assert blended([proposal([7, 7], votes)], [1.0]).scores.tolist() == [1.0]


def test_what_is_hidden_may_be_shown_the_next_time() -> None:
    allowed = np.array([True, True, False, True])
    proposals = [proposal([0, 1, 2, 3], [4.0, 3.0, 2.0, 1.0])]
    found = blend(proposals, np.ones(1), allowed, np.array([0, 2, 0], np.int32))
    assert found.items.tolist() == [1, 3]
    assert allowed.tolist() == [True, True, False, True]
