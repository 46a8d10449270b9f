"""A shop's clock: weeks of usual business. In a busy season more of them pass than on the calendar."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.time_units import MEAN_YEAR_DAYS, WEEK_DAYS
from recommender.value.order_models import Floats

PARTS = 26  # of a year


@dataclass(frozen=True)
class BusinessCalendar:
    """pace: (PARTS) float64, weeks of usual business that pass in a calendar week of each part of the year,
    which begins with 1 January 1970; on average 1."""

    pace: Floats = field(default_factory=lambda: np.ones(PARTS))

    def day(self, days: NDArray[np.integer] | Floats | float) -> Floats:
        """Whole days of business from 1970 to the given days on the calendar, as float64."""
        years, part = np.divmod(np.asarray(days, np.float64) / MEAN_YEAR_DAYS, 1.0)
        passed = years + np.interp(part * PARTS, np.arange(PARTS + 1), self._passed)
        return np.asarray(np.rint(passed * MEAN_YEAR_DAYS))

    def weeks(self, since: NDArray[np.integer] | float, until: NDArray[np.integer] | float) -> Floats:
        """Weeks of business between two days on the calendar, to a day."""
        return np.asarray((self.day(until) - self.day(since)) / WEEK_DAYS)

    def after(self, since: float, weeks: Floats) -> Floats:
        """The days on the calendar, since 1970, when so many weeks of business have passed after one."""
        years, part = np.divmod((self.day(since) + WEEK_DAYS * weeks) / MEAN_YEAR_DAYS, 1.0)
        return np.asarray(
            (years + np.interp(part, self._passed, np.arange(PARTS + 1) / PARTS)) * MEAN_YEAR_DAYS
        )

    @property
    def _passed(self) -> Floats:
        """(PARTS + 1): the share of a year's business that is over when each part begins, and 1."""
        return np.concatenate([[0.0], np.cumsum(self.pace) / self.pace.sum()])


USUAL = BusinessCalendar()
