"""What was shown, clicked and bought by placement and day, and how products fared in the usual periods."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from itertools import groupby
from math import sqrt
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import astuple

from features.home import Home
from features.insights.periods import Period
from features.insights.report import Cell
from features.store.files import read_whole, write_whole

FILE = "recommendation_days.json"
Z_95 = 1.959964
ShownTo = Literal["visitors", "held_out", "nobody"]
"""visitors: who are not held out; nobody: answers without any id of a visitor."""


Money = Literal["revenue", "margin"]


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """Of one day. Lists in JSON, in this order.

    shown: products in answers; clicked, added, bought: of these, each product of an answer once; revenue,
    margin: of the order lines that name an answer, net of refunds; degraded: answers. Then sums of squares
    and products over each visitor's own sums, for intervals; visitors: how many there were.
    """

    answers: int = 0
    shown: int = 0
    clicked: int = 0
    added: int = 0
    bought: int = 0
    revenue: float = 0.0
    margin: float = 0.0
    degraded: int = 0
    visitors: int = 0
    shown_shown: float = 0.0
    revenue_revenue: float = 0.0
    revenue_shown: float = 0.0
    margin_margin: float = 0.0
    margin_shown: float = 0.0


class DayTally(msgspec.Struct, frozen=True, array_like=True):
    """The tally of a day, a placement and a group of visitors."""

    day: date
    placement: str
    shown_to: ShownTo
    tally: Tally


class ProductsShown(msgspec.Struct, frozen=True):
    """Of so many whole days. products: that the shop sells; shown: of these. top, dead: rows of product,
    shown, clicked, bought, revenue: those that sold most, and those shown most without a click or an order.
    never: products that were not shown at all, a few of them."""

    days: int
    products: int
    shown: int
    top: list[list[Cell]]
    dead: list[list[Cell]]
    never: list[str] = []


class RecommendationDays(msgspec.Struct, frozen=True, dict=True):
    """As of `as_of`, of which `whole` is the last day that was over; first: of the first answer. Money is in
    `currency`; costed: whether margins are known."""

    as_of: date
    whole: date
    first: date
    currency: str | None
    costed: bool
    days: list[DayTally] = []  # in order
    products: list[ProductsShown] = []
    notes: list[str] = []

    def of(self, period: Period, shown_to: Iterable[ShownTo], placement: str | None = None) -> Tally:
        """Sums over the days of a period and these groups of visitors, of one placement or of all."""
        groups = set(shown_to)
        return added(
            each.tally
            for day in period.each()
            for each in self._by_day.get(day, ())
            if each.shown_to in groups and placement in (None, each.placement)
        )

    @cached_property
    def _by_day(self) -> dict[date, list[DayTally]]:
        return {day: list(tallies) for day, tallies in groupby(self.days, lambda each: each.day)}


class Difference(NamedTuple):
    """Of a ratio from that of the holdout, with the ends of a 95 % interval."""

    value: float
    low: float
    high: float


def added(tallies: Iterable[Tally]) -> Tally:
    """One tally of many."""
    return Tally(*map(sum, zip(*map(astuple, tallies), strict=True)))


def above_holdout(visitors: Tally, held_out: Tally, metric: Money) -> Difference | None:
    """How much more a product shown brings to visitors than to those held out; None without both.

    The delta method on ratios (Deng, Knoblich and Lu 2018), a visitor's days taken as independent.
    """
    if min(visitors.visitors, held_out.visitors) < 2 or min(visitors.shown, held_out.shown) <= 0:
        return None
    (ours, ours_variance), (theirs, theirs_variance) = (_ratio(each, metric) for each in (visitors, held_out))
    half = Z_95 * sqrt(ours_variance + theirs_variance)
    return Difference(ours - theirs, ours - theirs - half, ours - theirs + half)


def _ratio(tally: Tally, metric: str) -> tuple[float, float]:
    """Money of a product shown, and the variance of its estimate."""
    money, squares, products = (getattr(tally, f"{metric}{of}") for of in ("", f"_{metric}", "_shown"))
    ratio, n = money / tally.shown, tally.visitors
    spread = max(squares - 2 * ratio * products + ratio**2 * tally.shown_shown, 0.0)
    return ratio, spread * n / (n - 1) / tally.shown**2


def write_recommendation_days(home: Home, days: RecommendationDays) -> None:
    """Write them over those of before."""
    write_whole(home.reports / FILE, msgspec.json.encode(days))


def read_recommendation_days(home: Home) -> RecommendationDays | None:
    """None before the first training."""
    content = read_whole(home.root / "reports" / FILE)
    return None if content is None else msgspec.json.decode(content, type=RecommendationDays)
