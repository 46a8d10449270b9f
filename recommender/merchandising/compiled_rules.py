"""What the merchant's rules come to, as arrays over all items: worked out once, looked up by answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from features.time_units import DAY_S
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

    groups: NDArray[np.int32]
    most: int


class Plan(NamedTuple):
    """What the rules that speak now ask for.

    pins: (position from 0, item) by position; allowed: (n_items) bool; factors: (n_items) float32;
    caps hold in one answer, runs in a row; turns: so many days until a visitor's answer comes again; turn:
    which of them it is, counted from a start of the visitor's own; None: nobody we know, no rotation.
    """

    pins: Sequence[tuple[int, int]] = ()
    allowed: NDArray[np.bool_] | None = None
    factors: NDArray[np.float32] | None = None
    caps: Sequence[Limit] = ()
    runs: Sequence[Limit] = ()
    turns: int = 1
    turn: int | None = None


NO_RULES = Plan()


class _Spell(NamedTuple):
    """A time in which the same rules speak at one placement. since and until: epoch seconds."""

    since: float
    until: float
    plan: Plan


@dataclass(frozen=True)
class Merchandise:
    """Rules over one bundle and shelf; the plan of a placement is worked out when its rules change."""

    rules: Sequence[AnyRule]
    tables: Tables
    shelf: Availability
    _spells: dict[str, _Spell] = field(default_factory=dict, repr=False)

    def plan(self, placement: str, now: float, visitor: str | None = None) -> Plan:
        """What the rules ask of an answer; `now` is epoch seconds."""
        if not self.rules:
            return NO_RULES
        spell = self._spells.get(placement)
        if spell is None or not spell.since <= now < spell.until:
            spell = self._spells[placement] = self._spell(placement, now)
        plan = spell.plan
        if plan.turns == 1 or visitor is None:
            return plan
        start = crc32(visitor.encode(errors="surrogatepass"))
        return plan._replace(turn=(start + int(now // DAY_S)) % plan.turns)

    def _spell(self, placement: str, now: float) -> _Spell:
        ends = [end.timestamp() for rule in self.rules for end in (rule.from_, rule.until) if end]
        moment = datetime.fromtimestamp(now, UTC)
        return _Spell(
            since=max((end for end in ends if end <= now), default=-math.inf),
            until=min((end for end in ends if end > now), default=math.inf),
            plan=self._work_out([rule for rule in self.rules if rule.speaks(placement, moment)]),
        )

    def _work_out(self, rules: Sequence[AnyRule]) -> Plan:
        if not rules:
            return NO_RULES
        hidden = np.zeros(len(self.tables.products), np.bool_)
        for rule in rules:
            if isinstance(rule, Hide):
                hidden |= self._members(rule)
            elif isinstance(rule, Margin):
                hidden |= self._below(rule.minimum)
        pins = sorted(pin for pin in self._pins(rules) if not hidden[pin[1]])
        factors = [
            np.where(self._members(rule), rule.factor, 1.0).astype(np.float32)
            for rule in rules
            if isinstance(rule, Boost | Bury)
        ]
        return Plan(
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
        rows = self.tables.products
        pins = [(rule.position - 1, rows.row(rule.product_id)) for rule in rules if isinstance(rule, Pin)]
        return [(position, item) for position, item in pins if item >= 0]

    def _caps(self, rule: Cap) -> Iterable[Limit]:
        if not rule.only:
            return [Limit(self._groups(rule.by), rule.most)]
        members = [
            self._of_category(name) if rule.by == "category" else self._of_brand(name) for name in rule.only
        ]
        return [Limit(np.where(inside, 0, -1).astype(np.int32), rule.most) for inside in members]

    def _groups(self, by: str) -> NDArray[np.int32]:
        product = self.tables.product
        return product.category if by == "category" else product.brand

    def _members(self, rule: Targets) -> NDArray[np.bool_]:
        """Which items a rule is about."""
        inside = np.zeros(len(self.tables.products), np.bool_)
        inside[self.tables.products.rows(rule.products)] = True
        for name in rule.categories:
            inside |= self._of_category(name)
        for name in rule.brands:
            inside |= self._of_brand(name)
        return inside

    def _of_category(self, name: str) -> NDArray[np.bool_]:
        """All of a category of any level."""
        inside = np.zeros(len(self.tables.products), np.bool_)
        row = self.tables.categories.row(name)
        if row >= 0:
            inside[self.tables.category_popular.of(row).items] = True
        return inside

    def _of_brand(self, name: str) -> NDArray[np.bool_]:
        row = self.tables.brands.row(name)
        brand: NDArray[np.bool_] = self.tables.product.brand == row
        return brand if row >= 0 else np.zeros_like(brand)

    def _below(self, minimum: float) -> NDArray[np.bool_]:
        """Which items leave less than this share of their price; not those of unknown cost or price."""
        return self.shelf.cost > (1 - minimum) * self.shelf.price
