"""A span of days that figures are of, and the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

ONE_DAY = timedelta(days=1)
OLDEST = date(1900, 1, 1)  # as many days before an older one would lie before the calendar
PERIODS_DAYS = (7, 28, 90, 365)
"""The periods that pages offer, and for which what cannot be added up by day is worked out."""


class PeriodAsk(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """days: so many up to the last whole day; or from one day to another, both included."""

    days: int | None = msgspec.field(default=None)
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.days is not None and not 1 <= self.days <= 10_000:
            raise ValueError("days: a number from 1 to 10,000")
        if self.days is not None and (self.first or self.last):
            raise ValueError("give either `days`, or `from` and `to`")
        if self.first is not None and self.first < OLDEST:
            raise ValueError(f"from: a day since {OLDEST}")
        if self.last is not None and self.first is None:
            raise ValueError("from: the first day is missing")
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError("to: lies before `from`")

    @property
    def is_given(self) -> bool:
        return self.days is not None or self.first is not None

    def period(self, newest: date, whole: date) -> Period | None:
        """None: all time. newest: the last day with figures; whole: the last one that is over."""
        if self.first is not None:
            last = min(self.last or newest, newest)
            return Period(min(self.first, last), last)
        return Period(whole - (self.days - 1) * ONE_DAY, whole) if self.days is not None else None


class Period(msgspec.Struct, frozen=True):
    """Both days are included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, just before."""
        return Period(self.first - self.days * ONE_DAY, self.first - ONE_DAY)

    def each(self) -> Iterator[date]:
        """Its days in order."""
        return (self.first + number * ONE_DAY for number in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last
