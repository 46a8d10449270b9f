"""A shop's business calendar: weeks of usual business, of which more pass in a busy season."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.time_units import MEAN_YEAR_DAYS, WEEK_DAYS
from recommender.arrays.dtypes import Float64s

YEAR_PARTS = 26  # of a year
BOUNDS = np.arange(YEAR_PARTS + 1)  # of its parts


@dataclass(frozen=True)
class BusinessCalendar:
    """pace: (YEAR_PARTS) float64, weeks of usual business that pass in a calendar week of each part of the
    year, which begins with 1 January 1970; on average 1."""

    pace: Float64s = field(default_factory=lambda: np.ones(YEAR_PARTS))

    def day(self, days: NDArray[np.integer] | Float64s | float) -> Float64s:
        """Whole days of business from 1970 to the given days (since 1970), as float64."""
        years, part = np.divmod(np.asarray(days, np.float64) / MEAN_YEAR_DAYS, 1.0)
        passed = years + np.interp(part * YEAR_PARTS, BOUNDS, self._passed)
        return np.asarray(np.rint(passed * MEAN_YEAR_DAYS))

    def weeks(
        self, since: NDArray[np.integer] | float, until: NDArray[np.integer] | Float64s | float
    ) -> Float64s:
        """Weeks of business between two days (since 1970), to a day."""
        return np.asarray((self.day(until) - self.day(since)) / WEEK_DAYS)

    def after(self, since: float, weeks: Float64s) -> Float64s:
        """The days, since 1970, on which so many weeks of business have passed since one day."""
        years, part = np.divmod((self.day(since) + WEEK_DAYS * weeks) / MEAN_YEAR_DAYS, 1.0)
        return np.asarray((years + np.interp(part, self._passed, BOUNDS / YEAR_PARTS)) * MEAN_YEAR_DAYS)

    @cached_property
    def _passed(self) -> Float64s:
        """(YEAR_PARTS + 1): the share of a year's business that is over when each part begins, and 1."""
        return np.concatenate([[0.0], np.cumsum(self.pace) / self.pace.sum()])


UNIFORM_CALENDAR = BusinessCalendar()
