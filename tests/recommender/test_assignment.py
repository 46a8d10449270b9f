from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from recommender.assignment import Arm, Experiment, arm_of, assign, contradictions, refused_changes

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
AB = Experiment(id="x-1", arms=(Arm(id="a"), Arm(id="b", weight=3.0)))
VISITORS = [f"v-{number}" for number in range(20_000)]


def test_arms_get_visitors_by_weight_and_a_twentieth_is_held_out() -> None:
    drawn = [assign([AB], visitor, NOW) for visitor in VISITORS]
    assert sum(each.holdout for each in drawn) / 20_000 == pytest.approx(0.05, abs=0.006)
    arms = Counter(each.arms["x-1"] for each in drawn if not each.holdout)
    assert arms["b"] / arms.total() == pytest.approx(0.75, abs=0.012)
    assert all(each.arms == {} for each in drawn if each.holdout)


def test_an_assignment_is_the_same_in_every_process_and_on_every_day() -> None:
    """By hand-kept answers: a change of the hash would move every visitor of every running experiment."""
    assert [arm_of(AB, visitor) for visitor in VISITORS[:8]] == ["a", "b", "b", "b", "b", "b", "b", "b"]
    later = NOW + timedelta(days=400)
    assert all(assign([AB], v, NOW) == assign([AB], v, later) for v in VISITORS[:200])


def test_a_larger_holdout_keeps_the_smaller_one() -> None:
    small = {v for v in VISITORS if assign([], v, NOW, 0.05).holdout}
    assert small < {v for v in VISITORS if assign([], v, NOW, 0.1).holdout}


def test_experiments_of_a_layer_exclude_each_other_and_others_are_independent() -> None:
    one = msgspec.structs.replace(AB, id="one", layer="shop", slice=(0.0, 0.4))
    two = msgspec.structs.replace(AB, id="two", layer="shop", slice=(0.4, 1.0))
    drawn = [assign([one, two, AB], visitor, NOW, 0).arms for visitor in VISITORS]
    assert all(("one" in arms) is not ("two" in arms) for arms in drawn)
    assert sum("one" in arms for arms in drawn) / 20_000 == pytest.approx(0.4, abs=0.015)
    both = Counter((arms["two"], arms["x-1"]) for arms in drawn if "two" in arms)
    assert both["b", "b"] / both.total() == pytest.approx(0.75**2, abs=0.02)


def test_an_experiment_that_is_over_or_an_arm_without_weight_takes_nobody() -> None:
    over = msgspec.structs.replace(AB, until=NOW)
    assert assign([over], "v-1", NOW, 0).arms == {}
    assert assign([over], "v-1", NOW - timedelta(seconds=1), 0).arms != {}
    empty = msgspec.structs.replace(AB, arms=(Arm(id="a"), Arm(id="b"), Arm(id="c", weight=0.0)))
    assert {arm_of(empty, visitor) for visitor in VISITORS[:2_000]} == {"a", "b"}


def test_what_an_owner_may_get_wrong() -> None:
    found = "\n".join(
        contradictions(
            [
                Experiment(id="x", arms=(Arm(id="a"), Arm(id="a")), from_=NOW, until=NOW),
                Experiment(id="x", arms=(Arm(id="a"), Arm(id="b", weight=0.0)), slice=(0.5, 0.5)),
                Experiment(id="y", arms=AB.arms, layer="l", slice=(0.0, 0.6)),
                Experiment(id="z", arms=AB.arms, layer="l", slice=(0.5, 1.0)),
            ]
        )
    )
    for part in (
        "2 experiments",
        "two arms of one name",
        "to one arm",
        "empty slice",
        "ends before",
        "`y` and `z`",
    ):
        assert part in found
    assert contradictions([AB]) == []


def test_a_running_experiment_may_be_renamed_or_ended_but_moves_nobody() -> None:
    heavier = msgspec.structs.replace(AB, arms=(Arm(id="a"), Arm(id="b")))
    named = msgspec.structs.replace(AB, name="Colours", until=NOW + timedelta(days=9))
    (refused,) = refused_changes([AB], [heavier], NOW)
    assert "new id" in refused
    assert refused_changes([AB], [named], NOW) == refused_changes([AB], [], NOW) == []
    planned = msgspec.structs.replace(AB, from_=NOW + timedelta(days=1))
    assert refused_changes([planned], [heavier], NOW) == []
    assert heavier.version != AB.version == named.version
