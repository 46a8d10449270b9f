"""No forecast beyond three times the last year's pace is published."""

from dataclasses import replace

import numpy as np
import pytest
from small_customers import small_value

from recommender.value.customer_value import NO_DAY, CustomerValue
from recommender.value.forecast import forecast
from training.customers.rfm import OrderDays
from training.customers.sense import best_years, last_year, next_year, nonsense, sound

PLAIN = small_value()
INFLATED = replace(PLAIN, order_weights=np.log(100) * (np.arange(8) == 0))  # corrected a hundredfold
COLUMNS = ("last_day", "order_days", "revenue", "own_margin", "order_lift", "revenue_lift")
TODAY = int(PLAIN.last_day.max()) + 1


def total(value: CustomerValue) -> float:
    return float(next_year(value, TODAY)[1].sum())


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
    found = sound(PLAIN, days(total(PLAIN)), TODAY)
    assert found.value is PLAIN
    assert found.warning == ""


def test_senseless_corrections_are_left_out_and_said() -> None:
    found = sound(INFLATED, days(total(PLAIN)), TODAY)
    assert found.value is not None
    plain, expected = (forecast(one, one.customers(), TODAY).revenue for one in (found.value, PLAIN))
    assert plain == pytest.approx(expected)
    assert "without corrections" in found.warning
    assert (found.refusals, found.warnings) == ((), (found.warning,))
    assert set(found.concerned) == {0, 1}


def test_customers_beyond_ten_times_their_own_best_year_are_named() -> None:
    """In a shop whose total is sensible, as customers who have left brought most of it."""
    known = {name: np.pad(getattr(PLAIN, name), (0, 7)) for name in COLUMNS}
    plain = replace(PLAIN, **known | {"first_day": np.pad(PLAIN.first_day, (0, 7), constant_values=NO_DAY)})
    lifted = replace(plain, order_lift=np.array([1.0, 60.0] + 7 * [1.0], np.float32))
    gone = np.arange(2, 9, dtype=np.int32)  # whom this model does not know
    shop = OrderDays(
        np.concatenate([[0, 1], gone]).astype(np.int32),
        np.concatenate([[TODAY - 25, TODAY - 1], np.full(7, TODAY - 200)]).astype(np.int32),
        np.concatenate([[60.0, 30.0], np.full(6, 1.0), [3_000.0]]),
        np.full(9, np.nan),
    )
    assert nonsense(plain, shop, TODAY) == ("", ())
    assert total(lifted) < 3 * last_year(shop, TODAY)
    found = nonsense(lifted, shop, TODAY)
    assert found.concerned == (1,)
    assert "of 1 customers more than 10 times their own best year" in found.reason


def test_the_best_year_of_a_customer() -> None:
    """The best 365 days; of a young customer a year of their pace, a quarter being the shortest time."""
    shop = OrderDays(
        np.array([0, 0, 0, 0, 1, 2, 2], np.int32),
        np.array([0, 100, 364, 465, 800, 990, 999], np.int32),
        np.array([10.0, 20.0, 30.0, 5.0, 50.0, 8.0, 1.0]),
        np.full(7, np.nan),
    )
    found = best_years(shop, 999, 4)
    assert found[0] == pytest.approx(60)
    assert found[1] == pytest.approx(50 * 365 / 200)
    assert found[2] == found[3] == pytest.approx(60)  # the median; their own pace is 9 * 365 / 90


def test_where_nothing_makes_sense_there_is_no_forecast_and_a_reason() -> None:
    found = sound(INFLATED, days(0.1), TODAY)
    assert found.value is None
    assert "3 times the last year's pace" in found.warning
    assert (found.refusals, found.warnings) == ((found.warning,), ())
