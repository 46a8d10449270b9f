"""Why one product is not in an answer: found by asking the recommender itself, one obstacle at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np

from recommender.arrays.id_map import NO_ROW
from recommender.context.market import country_of, sold_in
from recommender.context.request import Request, Situation
from recommender.merchandising.rules import AnyRule
from recommender.recommend import Pick, Recommender

DEEPEST = 1_000  # ranks beyond are not counted
NARROWING = ("category", "min_price", "max_price", "filter", "candidates")
EPOCH = date(1970, 1, 1)


class WhyNot(NamedTuple):
    """`code`, from a closed list; a sentence; the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A product (`item`) and a question; listed: its answer, as long as it gets."""

    recommender: Recommender
    request: Request
    k: int
    visitor: str | None
    item: int
    listed: Sequence[Pick]

    @cached_property
    def items(self) -> list[int]:
        return [pick.item for pick in self.listed]

    def name(self, item: int) -> str:
        return self.recommender.bundle.tables.products.name(item)

    def ask(self, recommender: Recommender, k: int) -> list[int]:
        """Items of the answer of another recommender."""
        return [pick.item for pick in recommender.recommend(self.request, k, self.visitor)]


def why_not(
    recommender: Recommender, request: Request, k: int, visitor: str | None, product_id: str
) -> tuple[int | None, list[WhyNot]]:
    """(rank from 1 where it is shown, else None; why it is not: everything that keeps it away).

    What stands further down in the list is only outranked, and nothing else is said of it.
    """
    item, k = recommender.bundle.tables.products.row(product_id), k + request.offset
    request = msgspec.structs.replace(request, offset=0)
    picks = recommender.recommend(request, k, visitor)
    shown = [pick.item for pick in picks]
    if item == NO_ROW:
        return None, [WhyNot("unknown_product", "The model does not know this product", {})]
    if item in shown:
        return shown.index(item) + 1, []
    listed = recommender.recommend(request, DEEPEST, visitor)
    case, situation = (
        Case(recommender, request, k, visitor, item, listed),
        Situation(request, recommender.bundle),
    )
    reasons = []
    if item not in case.items:
        reasons = [
            *_unavailable(case),
            *_outside(case),
            *_hidden(case, situation),
            *_forbidden(case, situation),
        ]
    return None, reasons or [*_outranked(case, situation)]


def _unavailable(case: Case) -> Iterator[WhyNot]:
    availability = case.recommender.availability
    if not availability.offered[case.item]:
        yield WhyNot("not_offered", "It is withdrawn, has no title, or is no product", {})
    if case.request.in_stock and not availability.in_stock[case.item]:
        yield WhyNot("out_of_stock", "It is out of stock", {})


def _outside(case: Case) -> Iterator[WhyNot]:
    """Each filter of the request that alone, of a shop that offers everything, leaves it out."""
    availability = case.recommender.availability
    everything = replace(availability, offered=np.ones_like(availability.offered))
    shop, request = replace(case.recommender, availability=everything, rules=()), case.request
    country = country_of(request, shop.bundle.tables)
    if country and not sold_in(country, shop.bundle.tables, availability)[case.item]:
        yield WhyNot("market", f"It is not sold in {country}", {"country": country})
    for name in NARROWING:
        value = getattr(request, name)
        if value is None or value == ():
            continue
        alone = Request(request.placement, request.now, in_stock=False, **{name: value})
        if not shop.may_show(np.array([case.item], np.int32), Situation(alone, shop.bundle))[0]:
            yield WhyNot("filter", f"It is outside of the question's `{name}`", {"field": name})


def _hidden(case: Case, situation: Situation) -> Iterator[WhyNot]:
    """What the shopper, or the page, has of it already."""
    products, item = situation.bundle.tables.products, case.item
    hidden = situation.hidden.tolist()
    if item in hidden:
        yield from _hidden_itself(case, situation)
    elif situation.bundle.tables.variant_groups.share_one(np.array([item], np.int32), situation.hidden)[0]:
        key = situation.bundle.tables.variant_groups.key
        other = next(each for each in hidden if key(each) == key(item))
        if case.request.purpose != "buy_again":
            text = f"Another variant of it, {products.name(other)}, is seen, in the cart, excluded or bought"
            yield WhyNot("variant", text, {"product_id": products.name(other)})


def _hidden_itself(case: Case, situation: Situation) -> Iterator[WhyNot]:
    rows, item, request = situation.bundle.tables.products.rows, case.item, case.request
    day = situation.last_bought.get(item)
    if item in rows(request.exclude):
        yield WhyNot("excluded", "The question excludes it", {})
    if item == situation.product:
        yield WhyNot("on_page", "It is the product of the page", {})
    if item in rows((*request.cart, *situation.shopper.cart)):
        yield WhyNot("in_cart", "It is in the cart", {})
    if day is not None and situation.repeats == 0:
        evidence = {"last_bought": (EPOCH + timedelta(days=day)).isoformat()}
        yield WhyNot("bought_before", "They bought it, and only what is new to them is shown here", evidence)
    elif day is not None and situation.rests(item, day):
        bought, rest = (EPOCH + timedelta(days=day)).isoformat(), situation.rest
        days = int(rest[item if len(rest) > 1 else 0])
        text = f"They bought it on {bought}; it rests for {days} days"
        yield WhyNot("bought_lately", text, {"last_bought": bought, "days": days})
    if situation.goes_with_order and item in situation.instead_of_order():
        yield WhyNot("same_kind", "It is in the order that the answer goes with, or of the same kind", {})


def _forbidden(case: Case, situation: Situation) -> Iterator[WhyNot]:
    """Rules that never let it be shown."""
    for rule in _active(case):
        merchandise = replace(case.recommender, rules=(rule,)).merchandise
        plan = merchandise.plan(case.request.placement, case.request.now, None, situation)
        if plan.allowed is not None and not plan.allowed[case.item]:
            yield _by_rule(rule)


def _outranked(case: Case, situation: Situation) -> Iterator[WhyNot]:
    """Nothing forbids it: rules that move others before it, another variant, or its rank."""
    depth = case.k if case.item in case.items else DEEPEST
    for rule in _active(case):
        others = tuple(each for each in case.recommender.rules if each is not rule)
        if case.item in case.ask(replace(case.recommender, rules=others), depth):
            yield _by_rule(rule)
    items, key = case.items, situation.bundle.tables.variant_groups.key
    if case.item in items:
        yield _ranked(case, situation, items.index(case.item) + 1)
    elif other := next((each for each in items if key(each) == key(case.item)), None):
        yield WhyNot(
            "variant",
            f"Another variant of it, {case.name(other)}, stands for it",
            {"product_id": case.name(other)},
        )
    else:
        proposed = _proposing(case, situation)
        evidence = {"of": len(items), "proposed_by": proposed}
        yield WhyNot("not_ranked", f"It is not among the {len(items)} products of the whole list", evidence)


def _ranked(case: Case, situation: Situation, rank: int) -> WhyNot:
    pick, of = case.listed[rank - 1], len(case.listed)
    proposed = _proposing(case, situation)
    evidence = {"rank": rank, "of": of, "score": round(pick.score, 4), "proposed_by": proposed}
    if not proposed:
        return WhyNot(
            "not_proposed",
            f"No source of this placement proposes it; it fills up at {rank} of {of}",
            evidence,
        )
    return WhyNot("ranked", f"It ranks {rank} of {of}, and {case.k} were asked for", evidence)


def _proposing(case: Case, situation: Situation) -> list[str]:
    """Sources of the placement, fillers apart, that propose it."""
    stages = case.recommender.stages[case.request.purpose][:-1]
    sources = [source for stage in stages for source in stage.sources]
    return list(dict.fromkeys(each.name for each in sources if case.item in each.propose(situation).items))


def _active(case: Case) -> list[AnyRule]:
    moment = datetime.fromtimestamp(case.request.now, UTC)
    return [rule for rule in case.recommender.rules if rule.is_active(case.request.placement, moment)]


def _by_rule(rule: AnyRule) -> WhyNot:
    kind = type(rule).__name__.lower()
    named = f" ({rule.name})" if rule.name else ""
    return WhyNot("rule", f"The rule `{rule.id}`{named} keeps it away", {"rule": rule.id, "kind": kind})
