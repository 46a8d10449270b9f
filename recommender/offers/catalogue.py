"""The offers a shop can make: what each gives, to whom, when, what it costs, and errors in a catalogue."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from features.events.vocabulary import Id, Money, Text
from recommender.validity import Moment, is_never

NO_OFFER = "none"
MAX_OFFERS = 100
OfferKind = Literal[
    "percentage",
    "amount",
    "free_shipping",
    "points",
    "gift",
    "upgrade",
    "bundle",
    "early_access",
    "referral",
    "content",
]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
WholeDays = Annotated[int, msgspec.Meta(ge=1, le=366)]
Names = Annotated[tuple[Id, ...], msgspec.Meta(max_length=1_000)]


class StrictStruct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of what the owner sets: unknown fields are errors, defaults are left out of the JSON."""


class FrequencyCap(StrictStruct, frozen=True, kw_only=True):
    """At most so many times in so many days."""

    times: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    days: WholeDays


class Budget(StrictStruct, frozen=True, kw_only=True):
    """Money that the offers which name it may give away together, from `from` until `until`."""

    id: Id
    amount: Money
    from_: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None


class Eligibility(StrictStruct, frozen=True, kw_only=True):
    """Who may get an offer; an empty list: everybody. minimum_cart: value of the cart, shop's currency."""

    segments: Names = ()
    tiers: Names = ()
    countries: Names = ()
    channels: Names = ()
    minimum_cart: Money = 0.0
    first_order: bool | None = None
    consent: bool = True


class Offer(StrictStruct, frozen=True, kw_only=True):
    """value: per cent for `percentage`, money for `amount`, else in the shop's own unit. cost: money a
    redemption costs beyond a discount (postage, the gift). Each of its `budgets` is charged all of it."""

    id: Id
    kind: OfferKind
    name: Text = ""
    value: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 0.0
    cost: Money = 0.0
    products: Names = ()
    eligible: Eligibility = Eligibility()
    budgets: Names = ()
    cap: FrequencyCap | None = None
    valid_days: WholeDays = 14
    from_: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None
    minimum_margin: Share | None = None

    def costs(self, basket: float) -> float:
        """Money that one redemption gives away on goods of the price `basket`."""
        if self.kind == "percentage":
            return self.value / 100 * basket + self.cost
        if self.kind == "amount":
            return min(self.value, basket) + self.cost
        return self.cost


class FixedSet(StrictStruct, frozen=True, kw_only=True):
    """Products to show as a set under the merchant's own name, whatever was bought together."""

    products: Annotated[tuple[Id, ...], msgspec.Meta(min_length=2, max_length=8)]
    name: Text = ""


class Sets(StrictStruct, frozen=True, kw_only=True):
    """The merchant's rules for sets. forbidden: products that no set may hold; apart: pairs that no set may
    hold together."""

    fixed: Annotated[tuple[FixedSet, ...], msgspec.Meta(max_length=1_000)] = ()
    forbidden: Names = ()
    apart: Annotated[tuple[tuple[Id, Id], ...], msgspec.Meta(max_length=1_000)] = ()


class Catalogue(StrictStruct, frozen=True, kw_only=True):
    """contacts: how often a customer may get any offer; exploration: share of decisions left to chance;
    minimum_margin: share of an order's price that must remain as margin, unless an offer sets its own;
    assumed_margins: by category ("*": all others), the margin over price of products without a cost."""

    offers: Annotated[tuple[Offer, ...], msgspec.Meta(max_length=MAX_OFFERS)] = ()
    sets: Sets = Sets()
    budgets: Annotated[tuple[Budget, ...], msgspec.Meta(max_length=MAX_OFFERS)] = ()
    contacts: FrequencyCap | None = None
    exploration: Annotated[float, msgspec.Meta(ge=0.05, le=1)] = 0.05
    minimum_margin: Share = 0.0
    assumed_margins: Annotated[dict[str, Share], msgspec.Meta(max_length=1_000)] = {}


def contradictions(catalogue: Catalogue) -> list[str]:
    """What is wrong with these offers, and for each problem what to do; empty: nothing."""
    return [
        *_repeated(catalogue),
        *_bad_times(catalogue),
        *_bad_values(catalogue),
        *_bad_sets(catalogue.sets),
    ]


def loses_everywhere(catalogue: Catalogue, prices: Sequence[float], costs: Sequence[float]) -> list[str]:
    """Offers that leave less than the minimum margin on every single product. prices, costs: parallel, of
    products whose cost is known."""
    sold = list(zip(prices, costs, strict=True))
    return [
        f"Offer `{offer.id}` loses money on every product: make it smaller, or give it a"
        " minimum cart of which the margin carries it."
        for offer in catalogue.offers
        if sold
        and not any(_pays(offer, catalogue, max(p, offer.eligible.minimum_cart), c, p) for p, c in sold)
    ]


def _pays(offer: Offer, catalogue: Catalogue, basket: float, cost: float, price: float) -> bool:
    margin = basket * (1 - cost / price) if price > 0 else 0.0
    return margin - offer.costs(basket) >= least_margin(offer, catalogue) * basket and margin > 0


def least_margin(offer: Offer, catalogue: Catalogue) -> float:
    """Share of an order's price that must remain as margin after this offer."""
    return catalogue.minimum_margin if offer.minimum_margin is None else offer.minimum_margin


def _repeated(catalogue: Catalogue) -> Iterator[str]:
    for what, things in (("offers", catalogue.offers), ("budgets", catalogue.budgets)):
        for name, times in Counter(thing.id for thing in things).items():
            if times > 1:
                yield f"{times} {what} are called `{name}`: give each an id of its own."
    if any(offer.id == NO_OFFER for offer in catalogue.offers):
        yield f"`{NO_OFFER}` means no offer: call the offer something else."


def _bad_times(catalogue: Catalogue) -> Iterator[str]:
    things: tuple[Offer | Budget, ...] = (*catalogue.offers, *catalogue.budgets)
    for thing in things:
        if is_never(thing):
            yield f"`{thing.id}` ends before it begins: put `from` before `until`."


def _bad_values(catalogue: Catalogue) -> Iterator[str]:
    budget_ids = {budget.id for budget in catalogue.budgets}
    for offer in catalogue.offers:
        if offer.kind == "percentage" and not 0 < offer.value <= 100:
            yield f"Offer `{offer.id}` needs a `value` above 0 and at most 100 per cent."
        if offer.kind == "amount" and offer.value <= 0:
            yield f"Offer `{offer.id}` needs a `value` above 0."
        for budget in offer.budgets:
            if budget not in budget_ids:
                yield f"Offer `{offer.id}` draws on budget `{budget}`, which is not there: add it."
        if len(set(offer.budgets)) < len(offer.budgets):
            yield f"Offer `{offer.id}` names a budget twice: it would be charged twice."


def _bad_sets(sets: Sets) -> Iterator[str]:
    for fixed in sets.fixed:
        named, own = fixed.name or " + ".join(fixed.products), set(fixed.products)
        if len(own) < len(fixed.products):
            yield f"Set `{named}` names a product twice: name each once."
        if not own.isdisjoint(sets.forbidden):
            yield f"Set `{named}` holds a product that `forbidden` keeps out of sets: take one of them away."
        if any(own.issuperset(pair) for pair in sets.apart):
            yield f"Set `{named}` holds a pair that `apart` keeps apart: take one of them away."
