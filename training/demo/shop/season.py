"""When customers shop: by month, weekday and hour. Days count from the start of the history."""

from bisect import bisect
from datetime import datetime, timedelta
from itertools import accumulate
from math import floor

import numpy as np

from recommender.arrays.dtypes import Float64s

FloatsLike = float | list[float] | Float64s

HISTORY_DAYS, FUTURE_DAYS = 730, 365
ONE_DAY = timedelta(days=1)
MONTHS = (0.98, 0.95, 0.98, 0.98, 1.0, 0.95, 0.88, 0.9, 0.98, 1.03, 1.14, 1.23)
WEEKDAYS = (1.04, 1.0, 0.98, 0.98, 0.92, 0.98, 1.1)
HOURS = (6, 3, 2, 1, 1, 3, 8, 18, 28, 34, 40, 42, 46, 42, 38, 38, 40, 44, 54, 68, 78, 70, 44, 18)
DEMAND = {  # by month; categories that are not here sell alike all year
    "Garden": (0.3, 0.5, 0.9, 1.0, 1.0, 0.9, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3),
    "Candles & Home Scent": (0.7, 0.6, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6, 0.8, 1.0, 1.0),
    "Stationery": (0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.7, 0.8, 0.7, 0.9, 1.0),
}


class Calendar:
    """Days since `start`, and business time, which runs fast when the shop is busy (1.0 a day on average)."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.start = now - timedelta(days=HISTORY_DAYS)
        self._begun = (self.start - self.start.replace(hour=0, minute=0, second=0, microsecond=0)) / ONE_DAY
        self.days = np.arange(HISTORY_DAYS + FUTURE_DAYS + 1, dtype=float)
        dates = [self.start + timedelta(days=int(day)) for day in self.days]
        self.months = [date.month for date in dates]
        busy = np.array([MONTHS[date.month - 1] * WEEKDAYS[date.weekday()] for date in dates])
        busy /= busy[:HISTORY_DAYS].mean()
        self._business = np.concatenate([[0.0], np.cumsum(busy[:-1])])

    def date(self, day: float) -> datetime:
        return self.start + timedelta(days=day)

    def day(self, date: datetime) -> float:
        return (date - self.start) / ONE_DAY

    def to_business(self, days: FloatsLike) -> Float64s:
        return np.asarray(np.interp(days, self.days, self._business), float)

    def to_days(self, business: FloatsLike) -> Float64s:
        return np.asarray(np.interp(business, self._business, self.days), float)

    def at_an_hour(self, day: float, draw: float) -> float:
        """The same date at a likely hour and minute; draw: in [0, 1), chooses both."""
        midnight = floor(day + self._begun) - self._begun
        hour = bisect(_HOURS, draw * _HOURS[-1])
        return midnight + (hour + draw * 7_919 % 1) / 24


_HOURS = list(accumulate(HOURS))
