"""The visit model on a handful of visits whose weights can be computed by hand."""

from math import exp, log, sqrt

import numpy as np
import pytest

from features.time_units import DAY_S
from recommender.arrays.tables import NeighbourRow, Sessions
from recommender.sources.cart import prior
from recommender.sources.session import head_of_visit
from training.data.history import Visits
from training.models.session_ranking import Look
from training.models.sessions import (
    DISTANCE_SCALE,
    FLOOR,
    SECOND_STEP,
    best_habits,
    distinct,
    fit_sessions,
    fit_transitions,
    mean_reciprocal_rank,
    parts_in_time,
    sessions_of,
    tuning_looks,
)
from training.settings import TrainingSettings

NO_KINDS = np.empty(0, np.float32), np.empty(0, np.int32), np.empty(0, np.int32)
NEXT, SECOND = (exp(-apart / DISTANCE_SCALE) + FLOOR for apart in (1, 2))


def visits(*looked_at: list[int], apart: int = 0) -> Visits:
    """One visit after another, `apart` seconds between their ends; items in the order of the looks."""
    session = np.repeat(np.arange(len(looked_at)), [len(visit) for visit in looked_at]).astype(np.int32)
    item = np.concatenate([np.empty(0, np.int32), *(np.array(visit, np.int32) for visit in looked_at)])
    n = len(item)
    ends = session.astype(np.int64) * apart + 10**9
    return Visits(session, item, np.full(n, -1, np.int32), np.zeros(n, np.bool_), ends)


def row(visits: Visits, of: int, n_items: int = 4) -> NeighbourRow:
    return fit_transitions(visits, n_items, kept=10).of(of)


def model(visits: Visits) -> Sessions:
    return sessions_of(visits, 4, 10, np.array([0.5, 0, 0], np.float32))


def test_a_product_that_every_visit_saw_last_is_a_direct_step_from_both_its_neighbours() -> None:
    neighbours = row(visits([0, 2], [1, 2]), of=2)
    assert sorted(neighbours.items.tolist()) == [0, 1]
    assert neighbours.together.tolist() == [1, 1]
    weight = (1 + log(2)) * NEXT
    assert neighbours.weights.tolist() == pytest.approx([sqrt(2 * weight) / 2] * 2)


def test_a_pair_weighs_less_the_more_looks_lie_between() -> None:
    neighbours = row(visits([0, 1, 2]), of=0)
    assert neighbours.items.tolist() == [1, 2]
    mass = NEXT + SECOND
    direct, far = NEXT / mass, SECOND / mass  # of 0; the middle one steps to either side alike
    assert neighbours.weights.tolist() == pytest.approx(
        [
            sqrt(mass) * (direct + SECOND_STEP * far * direct),
            sqrt(mass) * (far + SECOND_STEP * direct * 0.5),
        ]
    )


def test_what_no_visit_saw_together_is_reached_in_two_steps_with_no_visit_as_evidence() -> None:
    neighbours = row(visits([0, 1], [1, 2]), of=0)
    assert neighbours.items.tolist() == [1, 2]
    assert neighbours.together.tolist() == [1, 0]
    assert neighbours.weights[0] > neighbours.weights[1] > 0


def test_an_old_visit_counts_less() -> None:
    neighbours = row(visits([0, 1], [0, 2], apart=30 * DAY_S), of=0)
    assert neighbours.items.tolist() == [2, 1]
    assert neighbours.weights[1] / neighbours.weights[0] == pytest.approx(exp(-30 / 100))


def test_a_product_seen_twice_stands_where_it_was_seen_last() -> None:
    session, item, _ = distinct(visits([0, 1, 0, 2], [1]))
    assert session.tolist() == [0, 0, 0, 1]
    assert item.tolist() == [1, 0, 2, 1]


def test_visits_of_one_product_lead_nowhere() -> None:
    table = fit_transitions(visits([0], [1], [0]), n_items=2, kept=5)
    assert table.offsets.tolist() == [0, 0, 0]


def test_looks_ask_for_what_came_next_unless_it_is_the_same_again() -> None:
    neighbours = list(tuning_looks(visits([0, 1, 1, 0], [3, 2]), seed=1))
    assert neighbours == [Look([0], 1), Look([1, 0], 0), Look([3], 2)]


def test_ranks_count_what_scores_more() -> None:
    sessions = model(visits([0, 1, 2]))
    looks = [Look([0], 1), Look([0], 2), Look([0], 3)]
    assert mean_reciprocal_rank(sessions, looks) == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert mean_reciprocal_rank(sessions, [Look([3], 0)]) == 0.0


def test_people_who_go_back_and_forth_are_known_by_it() -> None:
    sessions = model(visits([0, 1, 2, 3]))
    there_and_back = [Look([1, 0], 0), Look([2, 3], 3)]
    onward_only = [Look([1, 0], 2), Look([2, 1], 3)]
    assert best_habits(sessions, there_and_back)[1] > 0
    assert best_habits(sessions, onward_only)[1:].tolist() == [0.0, 0.0]


def test_a_shop_without_visits_gets_an_empty_model() -> None:
    class Nothing:
        visits = visits()
        product_ids = ("a", "b")

    sessions, trees = fit_sessions(Nothing(), NO_KINDS, TrainingSettings())  # type: ignore[arg-type]
    assert sessions.onward.offsets.tolist() == [0, 0, 0]
    assert np.isfinite(sessions.habits).all()
    assert sessions.trend.tolist() == [1, 1]
    assert not len(trees)


def test_popularity_is_a_share_of_the_visits() -> None:
    sessions = model(visits([0, 1, 0], [1, 2], apart=DAY_S))
    assert sessions.popularity.tolist() == [0.5, 1.0, 0.5, 0.0]
    assert sessions.trend[2] > sessions.trend[1] > sessions.trend[0]


def test_visits_part_where_they_begin_and_stay_whole() -> None:
    ten = visits(*[[0, 1]] * 10, apart=DAY_S)
    ten.timestamp[1] += 20 * DAY_S  # the first visit goes on to the end
    part = parts_in_time(ten, (0.5, 0.8))
    assert part.tolist() == [0] * 10 + [1] * 6 + [2] * 4


def test_trees_learn_from_the_newest_visits_what_the_sums_do_not_tell() -> None:
    """Visits to 3,000 products stay within a category of ten, but one in three."""
    rng, n = np.random.default_rng(3), 20_000
    first, strays = rng.integers(3_000, size=n), rng.random(n) < 1 / 3
    second = np.where(strays, rng.integers(3_000, size=n), first // 10 * 10 + rng.integers(10, size=n))

    class Shop:
        visits = visits(*np.stack([first, second], axis=1).tolist(), apart=3_600)
        product_ids = tuple(map(str, range(3_000)))

    category = np.arange(3_000, dtype=np.int32) // 10
    kinds = np.full(3_000, np.nan, np.float32), category, np.full(3_000, -1, np.int32)
    sessions, trees = fit_sessions(Shop(), kinds, TrainingSettings())  # type: ignore[arg-type]
    assert len(trees)
    head = head_of_visit(sessions, kinds, [7])
    chances = trees.chances(head.features, prior(head.features))
    inside = category[head.items] == 0
    assert chances[inside].min() > np.median(chances[~inside])


def test_rows_that_nobody_wants_stay_empty() -> None:
    all_visits = visits([0, 1, 2], [2, 3], [3, 0, 2])
    whole, some = fit_transitions(all_visits, 4, 10), fit_transitions(all_visits, 4, 10, np.array([2]))
    assert some.offsets[1:3].tolist() == [0, 0]
    for own, other in zip(some.of(2), whole.of(2), strict=True):
        assert own.tolist() == other.tolist()
