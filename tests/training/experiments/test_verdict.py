from math import log, sqrt

import numpy as np
import pytest

from training.experiments.effects import Effect, Visitors
from training.experiments.sequential import always_valid, radius, sample_ratio
from training.experiments.verdict import days_to_go, verdict


def arm(rng: np.random.Generator, n: int, chance: float) -> Visitors:
    return Visitors.of((rng.random(n) < chance) * rng.gamma(4, 10, n))


def test_the_interval_by_hand_and_its_end_where_evidence_is_one_in_twenty() -> None:
    half = sqrt(4 * 13 / 9 * (log(13 / 4) + 2 * log(20)))
    interval = always_valid(Effect(10, 1.0, 4.0), expected=3.0)
    assert (interval.low, interval.high) == pytest.approx((1 - half, 1 + half))
    assert always_valid(Effect(10, half, 4.0), expected=3.0).p_value == pytest.approx(0.05)


def test_looking_every_day_raises_no_false_alarm() -> None:
    alarms = {"always valid": 0, "t-test": 0}
    for seed in range(400):
        steps = np.random.default_rng(seed).normal(size=60).cumsum()
        days = np.arange(1, 61)
        difference, variance = steps / days, 1 / days
        alarms["t-test"] += bool((np.abs(difference) > 1.96 * np.sqrt(variance)).any())
        alarms["always valid"] += any(
            abs(d) > radius(v, 0.2) for d, v in zip(difference.tolist(), variance.tolist(), strict=True)
        )
    assert alarms["always valid"] <= 20
    assert alarms["t-test"] > 100


def test_traffic_that_does_not_fit_the_weights_is_found_and_chance_is_not() -> None:
    assert sample_ratio([5_000, 5_500], [1, 1]) < 0.001
    assert sample_ratio([5_000, 5_060], [1, 1]) == 1.0
    assert sample_ratio([1_000, 3_040], [1, 3]) > 0.1
    assert sample_ratio([10, 1], [1, 0]) == 0.0


def test_words_for_every_state() -> None:
    rng = np.random.default_rng(1)
    control = arm(rng, 20_000, 0.10)
    better = verdict(control, arm(rng, 20_000, 0.14), days=20)
    assert (better.code, better.days_to_go) == ("better", None)
    assert "It is better" in better.text
    assert verdict(arm(rng, 20_000, 0.14), control, days=20).code == "worse"
    early = verdict(arm(rng, 4_000, 0.10), arm(rng, 4_000, 0.10), days=10)
    assert early.code == "not_enough"
    assert f"Not enough yet: about {early.days_to_go} days more" in early.text
    assert verdict(control, arm(rng, 30_000, 0.1), days=9).code == "unbalanced"
    assert verdict(control, Visitors.of(np.empty(0)), days=9).code == "no_traffic"
    assert verdict(arm(rng, 400_000, 0.5), arm(rng, 400_000, 0.5), days=9).code == "no_matter"
    assert (
        verdict(arm(rng, 200, 0.1), arm(rng, 200, 0.9), days=1).code == "not_enough"
    )  # too few buyers to trust


def test_days_to_go_are_kept() -> None:
    now = Effect(control=4.0, difference=0.0, variance=0.04)
    days = days_to_go(now, expected=0.2, days=10)
    assert days is not None
    after, before = (0.04 * 10 / (10 + more) for more in (days, days - 1))
    assert radius(after, 0.2) <= 0.2 < radius(before, 0.2)
    assert days_to_go(now, expected=0.001, days=10) is None
    assert days_to_go(now, expected=0.2, days=-3) is None  # a clock went back
