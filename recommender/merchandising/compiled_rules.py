"""The merchant's rules compiled to arrays over all items: once per change, and read by every answer."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat
from typing import NamedTuple
from zlib import crc32

import numpy as np

from features.time_units import DAY_S
from recommender.arrays.dtypes import Bools, Float32s, Int32s
from recommender.context.request import Situation
from recommender.customers.tiers import TierPlan
from recommender.filters.masks import mask_of
from recommender.filters.syntax import read_filters
from recommender.merchandising.audience import Whom, whom_of
from recommender.merchandising.rules import (
    AnyRule,
    Boost,
    Bury,
    Cap,
    Diversity,
    Hide,
    Margin,
    Pin,
    Rotation,
    Targets,
)
from recommender.model.availability import Availability
from recommender.model.bundle import Tables


class Limit(NamedTuple):
    """At most so many of one group. groups: (n_items) int32, -1 where an item is in none."""

    groups: Int32s
    most: int


class RulePlan(NamedTuple):
    """The active rules, compiled.

    pins: (position from 0, item) by position; allowed: (n_items) bool; factors: (n_items) float32;
    caps: limits within one answer; runs: limits on neighbours in a row; turns: days after which a visitor's
    rotation repeats; turn: today's of them, from a start by visitor; None: unknown visitor, no rotation.
    """

    pins: Sequence[tuple[int, int]] = ()
    allowed: Bools | None = None
    factors: Float32s | None = None
    caps: Sequence[Limit] = ()
    runs: Sequence[Limit] = ()
    turns: int = 1
    turn: int | None = None


NO_RULES = RulePlan()


class _Period(NamedTuple):
    """A time in which the same rules are active at one placement. since and until: epoch seconds; plans: for
    each set of rules that apply to somebody, as one bool a rule."""

    since: float
    until: float
    rules: Sequence[AnyRule]
    for_all: bool
    plans: dict[tuple[bool, ...], RulePlan]


@dataclass(frozen=True)
class Merchandise:
    """Rules over one bundle and availability; a placement's plan is compiled when its active rules change."""

    rules: Sequence[AnyRule]
    tables: Tables
    availability: Availability
    tiers: TierPlan | None = None
    _periods: dict[str, _Period] = field(default_factory=dict, repr=False)

    def plan(
        self, placement: str, now: float, visitor: str | None = None, situation: Situation | None = None
    ) -> RulePlan:
        """The plan for an answer; `now` is epoch seconds. situation: whom it is for, None: nobody known."""
        if not self.rules:
            return NO_RULES
        period = self._periods.get(placement)
        if period is None or not period.since <= now < period.until:
            period = self._periods[placement] = self._period(placement, now)
        plan = self._plan(period, () if period.for_all else self._fitting(period, situation), now)
        if plan.turns == 1 or visitor is None:
            return plan
        start = crc32(visitor.encode(errors="surrogatepass"))
        return plan._replace(turn=(start + int(now // DAY_S)) % plan.turns)

    def _fitting(self, period: _Period, situation: Situation | None) -> tuple[bool, ...]:
        """Which of the rules apply to whom the answer is for."""
        whom = whom_of(situation, self.availability, self.tiers) if situation else Whom()
        return tuple([rule.is_for(whom) for rule in period.rules])

    def _plan(self, period: _Period, fitting: tuple[bool, ...], now: float) -> RulePlan:
        plan = period.plans.get(fitting)
        if plan is None:
            rules = [rule for rule, fits in zip(period.rules, fitting or repeat(True), strict=False) if fits]
            plan = period.plans[fitting] = self._compile(rules, int(now // DAY_S))
        return plan

    def _period(self, placement: str, now: float) -> _Period:
        ends = [end.timestamp() for rule in self.rules for end in (rule.from_, rule.until) if end]
        moment = datetime.fromtimestamp(now, UTC)
        rules = [rule for rule in self.rules if rule.is_active(placement, moment)]
        if any(isinstance(rule, Targets) and rule.newer_than_days is not None for rule in rules):
            midnight = now // DAY_S * DAY_S
            ends += [midnight, midnight + DAY_S]
        return _Period(
            since=max((end for end in ends if end <= now), default=-math.inf),
            until=min((end for end in ends if end > now), default=math.inf),
            rules=rules,
            for_all=not any(rule.is_for_some for rule in rules),
            plans={},
        )

    def _compile(self, rules: Sequence[AnyRule], today: int) -> RulePlan:
        if not rules:
            return NO_RULES
        hidden = np.zeros(len(self.tables.products), np.bool_)
        for rule in rules:
            if isinstance(rule, Hide):
                hidden |= self._targeted(rule, today)
            elif isinstance(rule, Margin):
                hidden |= self._below_margin(rule.minimum)
        pins = [pin for pin in self._pins(rules) if not hidden[pin[1]]]
        factors = [
            np.where(self._targeted(rule, today), rule.factor, 1.0).astype(np.float32)
            for rule in rules
            if isinstance(rule, Boost | Bury)
        ]
        return RulePlan(
            pins=pins,
            allowed=~hidden if hidden.any() else None,
            factors=np.multiply.reduce(factors) if factors else None,
            caps=[limit for rule in rules if isinstance(rule, Cap) for limit in self._caps(rule)],
            runs=[
                Limit(self._groups(rule.by), rule.in_a_row) for rule in rules if isinstance(rule, Diversity)
            ],
            turns=max((rule.days for rule in rules if isinstance(rule, Rotation)), default=1),
        )

    def _pins(self, rules: Sequence[AnyRule]) -> Iterable[tuple[int, int]]:
        """(position, item) by position; what is pinned for some takes the place of what is for all."""
        pins = sorted([rule for rule in rules if isinstance(rule, Pin)], key=lambda rule: rule.is_for_some)
        positions = {self.tables.products.row(pin.product_id): pin.position - 1 for pin in pins}
        items = {position: item for item, position in positions.items() if item >= 0}
        return sorted(items.items())

    def _caps(self, rule: Cap) -> Iterable[Limit]:
        if not rule.only:
            return [Limit(self._groups(rule.by), rule.most)]
        members = [
            self._of_category(name) if rule.by == "category" else self._of_brand(name) for name in rule.only
        ]
        return [Limit(np.where(inside, 0, -1).astype(np.int32), rule.most) for inside in members]

    def _groups(self, by: str) -> Int32s:
        product = self.tables.product
        return product.category if by == "category" else product.brand

    def _targeted(self, rule: Targets, today: int) -> Bools:
        """(n_items): the items that a rule targets. today: days since 1970."""
        inside = self._named(rule) if rule.names_products else np.ones(len(self.tables.products), np.bool_)
        if rule.filter:
            inside &= mask_of(read_filters(rule.filter), self.tables, self.availability)
        if rule.newer_than_days is not None:
            inside &= self.tables.product.first_day > today - rule.newer_than_days
        return inside

    def _named(self, rule: Targets) -> Bools:
        inside = np.zeros(len(self.tables.products), np.bool_)
        inside[self.tables.products.rows(rule.products)] = True
        for name in rule.categories:
            inside |= self._of_category(name)
        for name in rule.brands:
            inside |= self._of_brand(name)
        return inside

    def _of_category(self, name: str) -> Bools:
        """(n_items): the items of a category of any level."""
        inside = np.zeros(len(self.tables.products), np.bool_)
        row = self.tables.categories.row(name)
        if row >= 0:
            inside[self.tables.category_popular.of(row).items] = True
        return inside

    def _of_brand(self, name: str) -> Bools:
        row = self.tables.brands.row(name)
        brand: Bools = self.tables.product.brand == row
        return brand if row >= 0 else np.zeros_like(brand)

    def _below_margin(self, minimum: float) -> Bools:
        """(n_items): items whose margin is below this share of their price; unknown costs never are."""
        return self.availability.cost > (1 - minimum) * self.availability.price
