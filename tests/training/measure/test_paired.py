import numpy as np
import pytest

from training.measure.paired import Values


def test_alike_cases_of_one_owner_tell_no_more_than_one() -> None:
    rng = np.random.default_rng(3)
    value = rng.random(50)
    once = Values(value, np.arange(50)).mean(7)
    ten_times = Values(np.repeat(value, 10), np.repeat(np.arange(50), 10)).mean(7)
    as_if_apart = Values(np.repeat(value, 10), np.arange(500)).mean(7)
    assert once["value"] == pytest.approx(value.mean())
    assert ten_times["high"] - ten_times["low"] == pytest.approx(once["high"] - once["low"], rel=1e-6)
    assert as_if_apart["high"] - as_if_apart["low"] < 0.5 * (once["high"] - once["low"])


def test_the_interval_is_that_of_the_mean() -> None:
    value = np.random.default_rng(5).normal(2.0, 1.0, 400)
    found = Values(value, np.arange(400)).mean(7)
    assert found["low"] == pytest.approx(value.mean() - 1.96 / 20, abs=0.02)
    assert found["high"] == pytest.approx(value.mean() + 1.96 / 20, abs=0.02)


def test_a_difference_is_taken_case_by_case() -> None:
    value = np.random.default_rng(5).random(100)
    found = Values(value, np.arange(100)).over(value - 0.25, 7)
    assert found == pytest.approx({"value": 0.25, "low": 0.25, "high": 0.25})
