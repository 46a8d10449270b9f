import numpy as np
import pytest

from training.offers.off_policy import dr, effective_sample_size, ips, log_of, refusal, snips

REWARD = np.array([1.0, 0.0, 2.0, 0.0])
PROPENSITY = np.array([0.5, 0.5, 0.25, 0.25])
TARGET = np.array([1.0, 0.0, 1.0, 1.0])  # weights 2, 0, 4, 4


def test_by_hand() -> None:
    log = log_of(REWARD, PROPENSITY, TARGET)
    assert ips(log).value == pytest.approx((2 + 8) / 4)
    assert snips(log).value == pytest.approx((2 + 8) / 10)
    assert effective_sample_size(log) == pytest.approx(100 / 36)
    modelled = log._replace(predicted=np.array([1.0, 0, 1, 1]), expected=np.full(4, 1.0))
    assert dr(modelled).value == pytest.approx((1 + 0 + 1 + 0 + 1 + 4 + 1 - 4) / 4)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Two actions worth .2 and .6, logged 3 to 1; the target policy takes the second."""
    held = dict.fromkeys((ips, snips, dr), 0)
    for seed in range(300):
        rng = np.random.default_rng(seed)
        second = rng.random(2_000) < 0.25
        reward = (rng.random(2_000) < np.where(second, 0.6, 0.2)).astype(float)
        log = log_of(reward, np.where(second, 0.25, 0.75), second.astype(float))
        log = log._replace(predicted=np.where(second, 0.5, 0.3), expected=np.full(2_000, 0.5))
        for estimate in held:
            value = estimate(log)
            held[estimate] += value.low <= 0.6 <= value.high
    assert all(280 <= times <= 294 for times in held.values())


def test_few_effective_decisions_are_refused() -> None:
    rng = np.random.default_rng(0)
    for n, propensity, judged in ((10_000, 0.5, True), (300, 0.5, False), (30_000, 0.009, False)):
        taken = (rng.random(n) < propensity).astype(float)
        log = log_of(np.zeros(n), np.full(n, propensity), taken)
        assert (refusal(log) is None) is judged
    assert "log more" in str(refusal(log))


def test_a_propensity_of_nothing_is_no_propensity() -> None:
    with pytest.raises(ValueError, match="propensity"):
        log_of(REWARD, np.array([0.5, 0.0, 0.5, 0.5]), TARGET)
