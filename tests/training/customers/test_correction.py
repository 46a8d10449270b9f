import numpy as np
import pytest

from recommender.value.customer_value import log_linear, recalibrated
from training.customers.correction import fit_log_linear, isotonic_knots


def test_twice_too_low_forecasts_are_doubled() -> None:
    forecasts = np.linspace(10, 100, 1000)
    knots = isotonic_knots(forecasts, 2 * forecasts)
    assert recalibrated(forecasts, knots) == pytest.approx(2 * forecasts, rel=0.01)


def test_knots_rise_where_what_came_does_not() -> None:
    forecasts = np.repeat([1.0, 2.0, 3.0], 100)
    actual = np.repeat([10.0, 30.0, 20.0], 100)
    before, after = isotonic_knots(forecasts, actual)
    assert (np.diff(before) > 0).all()
    assert (np.diff(after) > 0).all()
    assert after[-1] == pytest.approx(25, rel=0.05)


def test_few_orders_change_little() -> None:
    forecasts = np.full(10, 0.1)
    assert recalibrated(forecasts, isotonic_knots(forecasts, np.full(10, 0.5)))[0] < 0.15


def test_a_correction_finds_a_factor_and_its_level() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 2))
    truth = 2.0 * np.exp(0.5 * features[:, 0])
    weights = fit_log_linear(features, np.ones(20_000), rng.poisson(truth).astype(np.float64), 0.0)
    assert log_linear(features, weights).mean() == pytest.approx(truth.mean(), rel=0.02)
    assert weights[1:] == pytest.approx([0.5, 0.0], abs=0.03)


def test_a_number_that_hardly_differs_teaches_nothing() -> None:
    features = np.random.default_rng(0).normal(scale=6e-4, size=(2_000, 1))
    weights = fit_log_linear(features, np.ones(2_000), np.exp(features[:, 0] / 6e-4), 0.0)
    assert abs(weights[1]) < 20  # with its own spread: 1,000


def test_nothing_learned_of_few_customers() -> None:
    features = np.random.default_rng(0).normal(size=(30, 2))
    weights = fit_log_linear(features, np.ones(30), np.exp(features[:, 0]), 0.0)
    assert np.abs(weights[1:]).max() < 0.06
    assert fit_log_linear(features, np.ones(30), np.zeros(30), 0.0).tolist() == [0, 0, 0]
