import numpy as np
import pytest

from training.measure.forecasts import calibration, largest_gap, normalised_gini, share_covered, spearman

CAME = np.array([0.0, 0.0, 1.0, 3.0])


def test_gini_is_1_for_the_best_order_and_minus_1_for_the_worst() -> None:
    assert normalised_gini(np.array([1.0, 2, 3, 4]), CAME) == pytest.approx(1)
    assert normalised_gini(np.array([4.0, 3, 2, 1]), CAME) == pytest.approx(-1)


def test_equal_forecasts_are_as_good_as_by_lot() -> None:
    assert normalised_gini(np.ones(4), CAME) == pytest.approx(0)


def test_gini_by_hand() -> None:
    """Order 3, 0, 1, 0: cumulative shares .75, .75, 1, 1 against the best .75, 1, 1, 1, and .625 by lot."""
    gini = normalised_gini(np.array([3.0, 1, 2, 4]), CAME)
    assert gini == pytest.approx((3.5 / 4 - 0.625) / (3.75 / 4 - 0.625))


def test_spearman_ties_and_constants() -> None:
    assert spearman(CAME, CAME) == pytest.approx(1)
    assert spearman(np.ones(4), CAME) == 0


def test_calibration_counts_what_the_tenths_miss() -> None:
    forecasts = np.arange(1.0, 11)
    assert calibration(forecasts, forecasts) == 0
    assert calibration(forecasts, forecasts[::-1].copy()) == pytest.approx(50 / 55)


def test_largest_gap_of_chances() -> None:
    chances = np.repeat([0.1, 0.9], 50)
    assert largest_gap(chances, np.repeat([0.0, 1.0], 50)) == pytest.approx(0.1)


def test_covered_counts_the_ends() -> None:
    held = np.array([[0.0, 0.0], [1.0, 2.0], [1.0, 2.0], [5.0, 9.0]])
    assert share_covered(np.array([0.0, 2.0, 3.0, 4.0]), held) == 0.5
