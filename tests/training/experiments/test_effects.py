import numpy as np
import pytest

from training.experiments.effects import Visitors, effect


def test_a_difference_of_means_by_hand() -> None:
    estimate = effect(Visitors.of(np.array([1.0, 3, 5])), Visitors.of(np.array([4.0, 8])))
    assert estimate.control == pytest.approx(3.0)
    assert estimate.difference == pytest.approx(3.0)
    assert estimate.variance == pytest.approx(4 / 3 + 8 / 2)


def test_a_ratio_is_compared_with_the_variance_that_resampling_finds() -> None:
    """Revenue an order: visitors with many orders count more."""

    def arm(rng: np.random.Generator) -> Visitors:
        orders = rng.integers(0, 5, 4_000).astype(float)
        return Visitors.of(orders * rng.gamma(2, 10, 4_000), orders)

    drawn = [
        effect(arm(np.random.default_rng(2 * s)), arm(np.random.default_rng(2 * s + 1))) for s in range(300)
    ]
    spread = float(np.var([estimate.difference for estimate in drawn]))
    assert np.mean([estimate.variance for estimate in drawn]) == pytest.approx(spread, rel=0.2)
    assert drawn[0].control == pytest.approx(20, abs=1)


def test_the_weeks_before_narrow_the_difference_and_do_not_move_it() -> None:
    differences, narrowed, shares = [], [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        before = rng.gamma(2, 10, 2_000)
        outcome = 0.8 * before + rng.normal(0, 5, 2_000)
        treated = rng.random(2_000) < 0.5
        outcome += treated * 1.0
        arms = [Visitors.of(outcome[t], before=before[t]) for t in (~treated, treated)]
        plain = effect(*(Visitors.of(outcome[t]) for t in (~treated, treated)))
        adjusted = effect(*arms)
        differences.append(adjusted.difference)
        narrowed.append(adjusted.variance / plain.variance)
        shares.append(adjusted.variance)
    assert np.mean(differences) == pytest.approx(1.0, abs=0.05)
    assert np.mean(narrowed) == pytest.approx(25 / (25 + 0.64 * 200), rel=0.05)
    assert np.var(differences) == pytest.approx(np.mean(shares), rel=0.25)


def test_an_arm_without_traffic_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="without traffic"):
        effect(Visitors.of(np.ones(3)), Visitors.of(np.empty(0)))
