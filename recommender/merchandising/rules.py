"""The merchant's rules: their kinds, when they are active, and errors in a set of rules."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import Annotated, Any, Literal

import msgspec

from features.events.vocabulary import Id, Text
from recommender.context.request import Placement
from recommender.filters.syntax import BadFilter, read_filters
from recommender.merchandising.audience import SEGMENT_NAMES, Audience, Whom
from recommender.model.bundle import Tables
from recommender.validity import Moment, is_active, is_never, overlap

MAX_RULES = 200
By = Literal["category", "brand"]
Few = Annotated[int, msgspec.Meta(ge=1, le=100)]
TargetNames = Annotated[tuple[Id, ...], msgspec.Meta(max_length=10_000)]


class Rule(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
):
    """What every rule has. No placements: all of them. It is active from `from` until before `until`.

    audience: whom it is about; not_for: whom it is not about. Both empty: everybody.
    """

    id: Id
    name: Text = ""
    placements: tuple[Placement, ...] = ()
    from_: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None
    audience: Audience = Audience()
    not_for: Audience = Audience()

    @property
    def is_for_some(self) -> bool:
        """Whether it depends on whom an answer is for."""
        return not (self.audience.is_empty and self.not_for.is_empty)

    def is_for(self, whom: Whom) -> bool:
        """Whether it applies to somebody."""
        excepted = not self.not_for.is_empty and self.not_for.holds(whom)
        return self.audience.holds(whom) and not excepted

    def is_active(self, placement: str, now: datetime) -> bool:
        """Whether it applies to an answer."""
        return (not self.placements or placement in self.placements) and is_active(self, now)


class Targets(Rule, frozen=True, kw_only=True):
    """The products that a rule targets: those named, and all of the categories (any level) and brands; of
    these, or of all where none are named, those that the filter lets through and that are new enough."""

    products: TargetNames = ()
    categories: TargetNames = ()
    brands: TargetNames = ()
    filter: Annotated[tuple[str | dict[str, Any], ...], msgspec.Meta(max_length=20)] = ()
    newer_than_days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] | None = None

    @property
    def names_products(self) -> bool:
        return bool(self.products or self.categories or self.brands)


class Pin(Rule, frozen=True, kw_only=True, tag="pin"):
    """This product at this position, wherever it may be shown at all. 1 is the first."""

    product_id: Id
    position: Few


class Boost(Targets, frozen=True, kw_only=True, tag="boost"):
    """Scores times a factor above 1."""

    factor: Annotated[float, msgspec.Meta(gt=1, le=100)]


class Bury(Targets, frozen=True, kw_only=True, tag="bury"):
    """Scores times a factor below 1."""

    factor: Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Hide(Targets, frozen=True, kw_only=True, tag="hide"):
    """Never shown."""


class Cap(Rule, frozen=True, kw_only=True, tag="cap"):
    """At most so many of one category or brand in an answer; of each, or of those in `only`."""

    by: By
    most: Few
    only: TargetNames = ()


class Diversity(Rule, frozen=True, kw_only=True, tag="diversity"):
    """At most so many of one category or brand in a row, as long as there is anything else."""

    by: By
    in_a_row: Few


class Rotation(Rule, frozen=True, kw_only=True, tag="rotation"):
    """A known visitor sees other products each day; the same again after `days`."""

    days: Annotated[int, msgspec.Meta(ge=2, le=14)]


class Margin(Rule, frozen=True, kw_only=True, tag="margin"):
    """Products that leave less than this share of their price are not shown; unknown costs hide nothing."""

    minimum: Annotated[float, msgspec.Meta(gt=0, lt=1)]


AnyRule = Pin | Boost | Bury | Hide | Cap | Diversity | Rotation | Margin
Rules = Annotated[tuple[AnyRule, ...], msgspec.Meta(max_length=MAX_RULES)]


def contradictions(rules: Sequence[AnyRule]) -> list[str]:
    """What is wrong with these rules, and for each problem what to do; empty: nothing."""
    found = (_repeated_ids(rules), _empty_rules(rules), _unknown_segments(rules), _clashing_pins(rules))
    return [problem for problems in found for problem in problems]


def unknown_names(rules: Sequence[AnyRule], tables: Tables) -> list[str]:
    """Warnings: names in rules that the model does not know, perhaps not yet."""
    return [
        f"Rule `{rule.id}`: no {kind} `{name}` in the model; it counts once training has seen it."
        for rule in rules
        for kind, name in _named(rule)
        if {"product": tables.products, "category": tables.categories, "brand": tables.brands}[kind].row(name)
        < 0
    ]


def _named(rule: AnyRule) -> Iterator[tuple[str, str]]:
    if isinstance(rule, Pin):
        yield "product", rule.product_id
    elif isinstance(rule, Cap):
        yield from ((rule.by, name) for name in rule.only)
    elif isinstance(rule, Targets):
        yield from (("product", name) for name in rule.products)
        yield from (("category", name) for name in rule.categories)
        yield from (("brand", name) for name in rule.brands)


def _repeated_ids(rules: Sequence[AnyRule]) -> Iterator[str]:
    for rule_id, times in Counter(rule.id for rule in rules).items():
        if times > 1:
            yield f"{times} rules are called `{rule_id}`: give each an id of its own."


def _empty_rules(rules: Sequence[AnyRule]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, Targets) and not (
            rule.names_products or rule.filter or rule.newer_than_days is not None
        ):
            yield f"Rule `{rule.id}` is about nothing: name products, categories, brands or a filter."
        if isinstance(rule, Targets) and rule.filter:
            yield from _unreadable(rule)
        if is_never(rule):
            yield f"Rule `{rule.id}` ends before it begins: put `from` before `until`."


def _unreadable(rule: Targets) -> Iterator[str]:
    try:
        read_filters(rule.filter)
    except BadFilter as error:
        yield f"Rule `{rule.id}`: {error}"


def _unknown_segments(rules: Sequence[AnyRule]) -> Iterator[str]:
    for rule in rules:
        for name in (*rule.audience.segments, *rule.not_for.segments):
            if name.casefold() not in SEGMENT_NAMES:
                yield f"Rule `{rule.id}`: no segment `{name}`. There are {', '.join(SEGMENT_NAMES)}."


def _clashing_pins(rules: Sequence[AnyRule]) -> Iterator[str]:
    for one, other in combinations([rule for rule in rules if isinstance(rule, Pin)], 2):
        if not _overlap(one, other):
            continue
        if one.position == other.position:
            yield (
                f"Rules `{one.id}` and `{other.id}` pin to position {one.position} at the same time:"
                " move one, or part their placements or times."
            )
        elif one.product_id == other.product_id:
            yield f"Rules `{one.id}` and `{other.id}` pin `{one.product_id}` to two positions: keep one."


def _overlap(one: Rule, other: Rule) -> bool:
    """Whether both are active in one answer at some time. Of rules for others nobody can tell before."""
    if (one.audience, one.not_for) != (other.audience, other.not_for):
        return False
    if one.placements and other.placements and not set(one.placements) & set(other.placements):
        return False
    return overlap(one, other)
