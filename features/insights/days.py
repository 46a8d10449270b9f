"""A shop's money and customers day by day, of which the figures of any period are sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec
from msgspec.structs import astuple

from features.home import Home
from features.insights.periods import ONE_DAY, Period
from features.store.files import read_whole, write_whole

FILE = "days.json"


class Sums(msgspec.Struct, frozen=True, array_like=True):
    """What can be added up, of orders that stood; money in one currency. Lists in JSON, in this order.

    costed, margin: revenue with known costs, and what is left of it; gross: of everything ordered; owned,
    again: revenue of known customers, and of their orders after the first; customers, repeaters: whose first
    and second order in this currency it is; new_customers: whose first order at all it is; several: orders of
    two products or more. won_customers, won, coming: customers who began in the months with spending, what
    they brought so far and what is expected of them in the next 365 days.
    """

    revenue: float = 0.0
    orders: int = 0
    units: float = 0.0
    costed: float = 0.0
    margin: float = 0.0
    gross: float = 0.0
    owned: float = 0.0
    again: float = 0.0
    customers: int = 0
    repeaters: int = 0
    new_customers: int = 0
    several: int = 0
    discounted: int = 0
    guests: int = 0
    spend: float = 0.0
    won_customers: int = 0
    won: float = 0.0
    coming: float = 0.0


class CurrencyDays(msgspec.Struct, frozen=True):
    """One currency. days: one for each since `first`. contribution: margin as a share of revenue, where costs
    of enough of it are known."""

    currency: str | None
    first: date
    days: list[Sums]
    contribution: float | None = None
    forecast: bool = False
    costs: bool = False

    def of(self, period: Period) -> Sums:
        """The sums of its days, of those that there are."""
        start, end = ((day - self.first).days for day in (period.first, period.last + ONE_DAY))
        return added(self.days[max(start, 0) : max(end, 0)])

    def until(self, day: date) -> Sums:
        """The sums of all days up to one."""
        return self.of(Period(min(self.first, day), day))


class ShopDays(msgspec.Struct, frozen=True):
    """as_of: the newest day; whole: the newest one that was over when this was worked out; agreed: how many
    customers agreed to e-mails."""

    as_of: date
    whole: date
    parts: list[CurrencyDays] = []
    notes: list[str] = []
    agreed: int = 0

    @property
    def all_time(self) -> Period:
        return Period(min([self.as_of, *(part.first for part in self.parts)]), self.as_of)


def added(sums: Iterable[Sums]) -> Sums:
    """One sum of many."""
    columns = zip(*map(astuple, sums), strict=True)
    return Sums(*map(sum, columns))


def write_days(home: Home, days: ShopDays) -> None:
    """Write them over those of before."""
    write_whole(home.reports / FILE, msgspec.json.encode(days))


def read_days(home: Home) -> ShopDays | None:
    """None before the first training."""
    content = read_whole(home.root / "reports" / FILE)
    return None if content is None else msgspec.json.decode(content, type=ShopDays)
