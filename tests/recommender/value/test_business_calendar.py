"""The clock that runs fast when a shop is busy."""

import numpy as np
import pytest

from features.time_units import MEAN_YEAR_DAYS
from recommender.value.business_calendar import UNIFORM_CALENDAR, YEAR_PARTS, BusinessCalendar

BUSY = BusinessCalendar(np.linspace(0.2, 1.8, YEAR_PARTS))
DAYS = np.arange(19_000, 21_000, 7)


def test_usual_weeks_are_those_of_the_calendar() -> None:
    assert UNIFORM_CALENDAR.weeks(DAYS, DAYS + 70).tolist() == [10.0] * len(DAYS)


def test_a_year_is_a_year_whatever_its_seasons() -> None:
    assert BUSY.weeks(DAYS, DAYS + round(MEAN_YEAR_DAYS)) == pytest.approx(np.full(len(DAYS), 52.1), abs=0.2)


def test_it_runs_fast_late_in_the_year() -> None:
    january, december = round(50 * MEAN_YEAR_DAYS) + 10, round(51 * MEAN_YEAR_DAYS) - 24
    assert BUSY.weeks(january, january + 14) < 0.3 * BUSY.weeks(december, december + 14)


def test_there_and_back() -> None:
    for day in (19_000, 19_100, 20_777):
        weeks = np.array([0.0, 3.0, 40.0, 300.0])
        back = BUSY.weeks(np.full(4, day), BUSY.after(day, weeks))
        assert back == pytest.approx(weeks, abs=1 / 7)
