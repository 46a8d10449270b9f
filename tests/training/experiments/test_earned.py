"""What Perennial earned: by hand, in words, and the coverage of the interval."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from training.experiments.earned import Earned, earned_above_holdout, sentence

SINCE, UNTIL = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def outcomes_of(out: list[float], treated: list[float]) -> pl.DataFrame:
    margin = [*out, *treated]
    return pl.DataFrame(
        {
            "arm": ["held_out"] * len(out) + ["perennial"] * len(treated),
            "margin": margin,
            "before": [0.0] * len(margin),
            "buyers": [float(value != 0) for value in margin],
        }
    )


def test_by_hand() -> None:
    earned = earned_above_holdout(outcomes_of([1.0, 3.0], [4.0, 4.0, 1.0]), "margin", SINCE, UNTIL)
    half = 1.96 * np.sqrt(2 / 2 + 3 / 3) * 3
    assert (earned.value, earned.low, earned.high) == pytest.approx((3.0, 3 - half, 3 + half))
    assert earned.share == pytest.approx(0.5)
    assert (earned.buyers, earned.is_known) == (2, False)


@pytest.mark.parametrize(
    "outcomes", [outcomes_of([], [1.0, 2.0]), outcomes_of([1.0], [1.0, 2.0]), outcomes_of([1.0, 2.0], [])]
)
def test_without_two_of_each_nothing_is_said(outcomes: pl.DataFrame) -> None:
    assert not earned_above_holdout(outcomes, "margin", SINCE, UNTIL).is_known


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """In about 95 % of 400 shops of 4,000 customers, with skewed order values and a twentieth held out."""
    rng, held, lift = np.random.default_rng(1), 0, 0.2
    for _ in range(400):
        habit = rng.gamma(0.6, 1.0, 4_000)
        out = rng.random(4_000) < 0.05
        before, orders = rng.poisson(habit), rng.poisson(habit * np.where(out, 1, 1 + lift))
        money = orders * rng.gamma(2, 15, 4_000)
        frame = pl.DataFrame(
            {
                "arm": np.where(out, "held_out", "perennial"),
                "margin": money,
                "before": before * 30.0,
                "buyers": (orders > 0).astype(float),
            }
        )
        earned = earned_above_holdout(frame, "margin", SINCE, UNTIL)
        truth = 30.0 * lift * habit[~out].sum()
        held += earned.low < truth < earned.high
    assert 0.92 < held / 400 < 0.98


def interval(low: float, high: float, buyers: int = 50) -> Earned:
    return Earned(SINCE, UNTIL, (low + high) / 2, low, high, 0.1, buyers)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (
            interval(100, 2_300),
            "Perennial earned about 1,200 EUR of margin in the last 30 days: between 100 EUR",
        ),
        (interval(-500, 900), "Perhaps Perennial earned 200 EUR of margin"),
        (interval(-900, 500), "It does not look as if Perennial earned any margin in the last 30 days, but"),
        (interval(-900, -100), "Perennial cost about 500 EUR of margin"),
        (
            interval(100, 900, buyers=3),
            "Not enough yet to say what Perennial earned in the last 30 days: 3",
        ),
    ],
)
def test_in_plain_words(result: Earned, words: str) -> None:
    assert sentence(result, "margin", "in the last 30 days", "EUR").startswith(words)
