"""Birthdays."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings, zone_of

LASTS_DAYS = 3
DATE = re.compile(r"(?:\d{4}-)?(\d\d)-(\d\d)")


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Once a year, from midnight in their time zone. A birthday on 29 February counts as 28 February."""
    born = DATE.fullmatch(customer.state.value("birthday") or "")
    if born is None:
        return
    zone = zone_of(customer.state.value("timezone")) or zone_of(settings.timezone) or UTC
    year = datetime.fromtimestamp(now_ms / 1000, zone).year
    for this in (year, year + 1):  # on 31 December the next one may be due already
        day = _day(this, int(born[1]), int(born[2]), zone)
        if day is not None:
            due = int((day - timedelta(days=settings.birthday.lead_days)).timestamp() * 1000)
            yield Occasion(
                kind="birthday",
                key=f"birthday:{this}",
                due_ms=due,
                expires_ms=int(day.timestamp() * 1000) + LASTS_DAYS * DAY_MS,
                reason=OccasionReason(
                    "birthday", f"Their birthday is on {day:%d %B}.", {"on": f"{day:%Y-%m-%d}"}
                ),
                suggested="newsletter",
            )


def _day(year: int, month: int, day: int, zone: tzinfo) -> datetime | None:
    if (month, day) == (2, 29):
        day = 28
    try:
        return datetime(year, month, day, tzinfo=zone)
    except ValueError:
        return None
