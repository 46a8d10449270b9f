"""Who gets which arm, and plans that cannot be used.

Covers recommender/experiments/plan.py, too.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from recommender.experiments.assignment import HELD_OUT_ARM, NO_TRIAL, Trials, arm_of
from recommender.experiments.plan import (
    HOLDOUT,
    OFFERS,
    Arm,
    Experiment,
    contradictions,
    oddities,
    refused_changes,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
AB = Experiment(id="x-1", arms=(Arm(id="a"), Arm(id="b", weight=3.0)))
NOW_S = NOW.timestamp()
VISITORS = [f"v-{number}" for number in range(20_000)]


def arms_of(experiment: Experiment, visitors: list[str]) -> list[str | None]:
    return [arm.id if (arm := arm_of(experiment, visitor)) else None for visitor in visitors]


def test_arms_get_visitors_by_weight_and_a_twentieth_is_held_out() -> None:
    assigned = [Trials([AB], 0.05).of(visitor, "home", NOW_S).treated for visitor in VISITORS]
    assert sum(each.held_out for each in assigned) / 20_000 == pytest.approx(0.05, abs=0.006)
    arms = Counter(each.arm for each in assigned if not each.held_out)
    assert arms["b"] / arms.total() == pytest.approx(0.75, abs=0.012)
    assert {(each.experiment, each.arm) for each in assigned if each.held_out} == {(HOLDOUT, HELD_OUT_ARM)}
    assert {(each.arm, each.propensity) for each in assigned} == {
        ("a", 0.25),
        ("b", 0.75),
        (HELD_OUT_ARM, 0.05),
    }


def test_an_assignment_is_the_same_in_every_process_and_on_every_day() -> None:
    """By hand-kept answers: a change of the hash would move every visitor of every running experiment."""
    assert arms_of(AB, VISITORS[:8]) == ["a", "b", "b", "b", "b", "b", "b", "b"]
    trials, later = Trials([AB], 0.05), (NOW + timedelta(days=400)).timestamp()
    assert all(trials.of(v, "home", NOW_S) == trials.of(v, "cart", later) for v in VISITORS[:200])


def test_a_larger_holdout_keeps_the_smaller_one() -> None:
    def held(share: float) -> set[str]:
        return {v for v in VISITORS if Trials((), share).of(v, "home", NOW_S).treated.held_out}

    assert held(0.05) < held(0.1)
    assert held(0) == set()


def test_who_has_no_id_takes_no_part() -> None:
    assert Trials([AB], 0.5).of(None, "home", NOW_S) is NO_TRIAL


def test_experiments_of_a_layer_exclude_each_other_and_others_are_independent() -> None:
    one = msgspec.structs.replace(AB, id="one", layer="shop", slice=(0.0, 0.4))
    two = msgspec.structs.replace(AB, id="two", layer="shop", slice=(0.4, 1.0))
    ones, twos, others = (arms_of(each, VISITORS) for each in (one, two, AB))
    assert all((a is None) is not (b is None) for a, b in zip(ones, twos, strict=True))
    assert sum(arm is not None for arm in ones) / 20_000 == pytest.approx(0.4, abs=0.015)
    both = Counter(pair for pair in zip(twos, others, strict=True) if pair[0])
    assert both["b", "b"] / both.total() == pytest.approx(0.75**2, abs=0.02)


def test_an_experiment_changes_its_surfaces_alone() -> None:
    fewer = Experiment(id="f", arms=(Arm(id="all"), Arm(id="none", offers=())))
    carts = Experiment(id="c", arms=(Arm(id="old"), Arm(id="new", widget={"k": 4})), placements=("cart",))
    assert (fewer.surfaces, carts.surfaces) == (frozenset({OFFERS}), frozenset({"cart"}))
    trials = Trials([fewer, carts])
    named = [trials.of("v-1", surface, NOW_S).treated.experiment for surface in (OFFERS, "cart", "home")]
    assert named == ["f", "c", None]


def test_an_experiment_that_is_over_or_an_arm_without_weight_takes_nobody() -> None:
    over = Trials([msgspec.structs.replace(AB, until=NOW)])
    assert over.of("v-1", "home", NOW_S).arm is None
    assert over.of("v-1", "home", NOW_S - 1).arm is not None
    empty = msgspec.structs.replace(AB, arms=(Arm(id="a"), Arm(id="b"), Arm(id="c", weight=0.0)))
    assert set(arms_of(empty, VISITORS[:2_000])) == {"a", "b"}


def test_what_an_owner_may_get_wrong() -> None:
    pins = [{"kind": "pin", "id": "p", "product_id": name, "position": 1} for name in ("tea", "mug")]
    clash = msgspec.convert({"id": "b", "rules": pins}, Arm)
    problems = "\n".join(
        contradictions(
            [
                Experiment(id="x", arms=(Arm(id="a"), Arm(id="a")), from_=NOW, until=NOW),
                Experiment(id="x", arms=(Arm(id="a"), Arm(id="b", weight=0.0)), slice=(0.5, 0.5)),
                Experiment(id="y", arms=AB.arms, layer="l", slice=(0.0, 0.6)),
                Experiment(id="z", arms=AB.arms, layer="l", slice=(0.5, 1.0)),
                Experiment(id=HOLDOUT, arms=(Arm(id="a"), clash)),
            ]
        )
    )
    for part in (
        "2 experiments",
        "two arms of one name",
        "to one arm",
        "empty slice",
        "ends before",
        "`y` and `z` take the same visitors",
        "`y` and `holdout` would both change `buy_again`",
        "name of the permanent holdout",
        "Arm `b` of `holdout`: ",
    ):
        assert part in problems
    assert contradictions([AB]) == []


def test_one_after_the_other_or_on_other_pages_they_may_run() -> None:
    first = msgspec.structs.replace(AB, id="first", until=NOW)
    then = msgspec.structs.replace(AB, id="then", from_=NOW)
    carts = msgspec.structs.replace(AB, id="carts", placements=("cart",))
    homes = msgspec.structs.replace(AB, id="homes", placements=("home",))
    assert contradictions([first, then]) == contradictions([carts, homes]) == []
    assert len(contradictions([carts, then])) == 1


def test_what_is_odd_is_told() -> None:
    odd = Experiment(id="x", arms=(Arm(id="a"), Arm(id="b"), Arm(id="c", weight=0.0)), until=NOW)
    oddities_found = " ".join(oddities([odd], NOW))
    assert all(part in oddities_found for part in ("gets nobody", "A/A test", "over since 2026-11-23"))
    assert list(oddities([Experiment(id="o", arms=(Arm(id="a"), Arm(id="b", offers=())))], NOW)) == []


def test_a_running_experiment_may_be_renamed_or_ended_but_moves_nobody() -> None:
    heavier = msgspec.structs.replace(AB, arms=(Arm(id="a"), Arm(id="b")))
    other = msgspec.structs.replace(AB, arms=(Arm(id="a"), Arm(id="b", weight=3.0, widget={"k": 4})))
    named = msgspec.structs.replace(AB, name="Colours", until=NOW + timedelta(days=9), worthwhile=0.1)
    (refused,) = refused_changes([AB], [heavier], NOW)
    assert "new id" in refused
    assert len(refused_changes([AB], [other], NOW)) == 1
    assert refused_changes([AB], [named], NOW) == refused_changes([AB], [], NOW) == []
    planned = msgspec.structs.replace(AB, from_=NOW + timedelta(days=1))
    assert refused_changes([planned], [heavier], NOW) == []
    assert heavier.plan_hash != AB.plan_hash == named.plan_hash
