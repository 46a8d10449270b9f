"""No forecast beyond three times the last year's pace is published."""

from dataclasses import replace

import numpy as np
import pytest
from small_customers import small_value

from recommender.value.customer_value import forecast
from training.customers.rfm import OrderDays
from training.customers.sense import last_year, next_year, sound

PLAIN = small_value()
INFLATED = replace(PLAIN, revenue_weights=np.log(100) * (np.arange(8) == 0))  # corrected a hundredfold
TODAY = int(PLAIN.last_day.max()) + 1


def days(money: float, first: int = TODAY - 729) -> OrderDays:
    """One customer's first order day, and today."""
    return OrderDays(
        np.zeros(2, np.int32), np.array([first, TODAY], np.int32), np.full(2, money), np.full(2, np.nan)
    )


def test_the_last_year_and_a_year_of_a_young_shop() -> None:
    assert last_year(days(50.0), TODAY) == 50
    assert last_year(days(50.0, first=TODAY - 72), TODAY) == pytest.approx(100 * 365 / 73)
    assert last_year(days(-50.0), TODAY) == 0


def test_a_sensible_forecast_is_left_alone() -> None:
    found = sound(PLAIN, days(next_year(PLAIN, TODAY)), TODAY)
    assert found.value is PLAIN
    assert found.warning == ""


def test_senseless_corrections_are_left_out_and_said() -> None:
    found = sound(INFLATED, days(next_year(PLAIN, TODAY)), TODAY)
    assert found.value is not None
    plain, expected = (forecast(one, one.customers(), TODAY).revenue for one in (found.value, PLAIN))
    assert plain == pytest.approx(expected)
    assert "without corrections" in found.warning


def test_where_nothing_makes_sense_there_is_no_forecast_and_a_reason() -> None:
    found = sound(INFLATED, days(0.1), TODAY)
    assert found.value is None
    assert "3 times the last year's pace" in found.warning
