"""Who may get an offer now, and if not, why."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from recommender.offers.catalogue import Budget, Catalogue, FrequencyCap, Offer, least_margin
from recommender.validity import is_active


class Given(msgspec.Struct, frozen=True):
    """An offer that a customer got; `at` is aware."""

    offer_id: str
    at: datetime


class OfferContext(msgspec.Struct, frozen=True, kw_only=True):
    """The customer of an offer decision, and their situation. Money in the shop's currency.

    customer_id: theirs, or that of their browser. features: name -> value, of `OfferModel`; basket and
    margin: of the expected order (the cart's, where there is one), margin before any offer; given: offers got
    within the longest cap; messages: times of other messages, but for one that this offer might be sent with;
    spent: budget -> money promised so far; held_until: until when an open ticket, a bad score or goods sent
    back hold promotion back; margin_assumed: whether costs are not known and the margin is what the merchant
    assumes; interests: content offer -> share of what they looked at and bought that is like its products.
    """

    customer_id: str
    features: Mapping[str, float]
    basket: float
    margin: float
    cart: float = 0.0
    segment: str | None = None
    tier: str | None = None
    country: str | None = None
    channel: str | None = None
    first_order: bool = False
    consent: bool = True
    given: tuple[Given, ...] = ()
    messages: tuple[datetime, ...] = ()
    spent: Mapping[str, float] = {}
    held_until: datetime | None = None
    margin_assumed: bool = False
    interests: Mapping[str, float] = {}


def why_not(offer: Offer, catalogue: Catalogue, context: OfferContext, now: datetime) -> str | None:
    """The first reason why this customer may not get it, in words; None: they may."""
    return next(_reasons(offer, catalogue, context, now), None)


def barred_by(catalogue: Catalogue, context: OfferContext, now: datetime) -> str | None:
    """Why this customer may get no offer at all now, in words; None: nothing bars them."""
    if context.held_until is not None and context.held_until > now:
        day = context.held_until.date().isoformat()
        return f"an open ticket, a bad score or goods sent back hold offers back until {day}"
    cap = catalogue.contacts
    if cap is None:
        return None
    reached = (*(each.at for each in context.given), *context.messages)
    used_up = sum(at > now - timedelta(days=cap.days) for at in reached) >= cap.times
    return "they got as many offers as they may" if used_up else None


def less_interesting(offers: Sequence[Offer], context: OfferContext) -> dict[str, str]:
    """Content offers about what interests this customer less than another one of them, and why not those."""
    contents = {offer.id: context.interests.get(offer.id, 0.0) for offer in offers if offer.kind == "content"}
    best = max(contents, key=contents.__getitem__, default="")
    return {
        name: f"`{best}` is nearer to what they looked at and bought"
        for name, interest in contents.items()
        if interest < contents[best]
    }


def _reasons(offer: Offer, catalogue: Catalogue, context: OfferContext, now: datetime) -> Iterator[str]:
    wanted = offer.eligible
    if not is_active(offer, now):
        yield "it is not running now"
    for what in ("segment", "tier", "country", "channel"):
        allowed, own = getattr(wanted, _LISTS[what]), getattr(context, what)
        if allowed and own not in allowed:
            yield f"it is not for the {what} {own or 'that nobody knows'}"
    if context.cart < wanted.minimum_cart:
        yield f"the cart is worth {context.cart:.2f}, less than {wanted.minimum_cart:.2f}"
    if wanted.first_order is not None and wanted.first_order is not context.first_order:
        yield "it is for a first order" if wanted.first_order else "it is for those who bought before"
    if wanted.consent and not context.consent:
        yield "it needs their consent"
    if offer.cap is not None and _used_up(offer.cap, context, now, offer.id):
        yield f"they got it {offer.cap.times} times in {offer.cap.days} days"
    if offer.costs(context.basket) > context.margin - least_margin(offer, catalogue) * context.basket:
        yield "it would leave less than the minimum margin"
    yield from _budget_reasons(offer, catalogue.budgets, context, now)


_LISTS = {"segment": "segments", "tier": "tiers", "country": "countries", "channel": "channels"}


def _budget_reasons(
    offer: Offer, budgets: tuple[Budget, ...], context: OfferContext, now: datetime
) -> Iterator[str]:
    for budget in budgets:
        if budget.id in offer.budgets:
            if not is_active(budget, now):
                yield f"its budget {budget.id} is not open now"
            if context.spent.get(budget.id, 0.0) + offer.costs(context.basket) > budget.amount:
                yield f"its budget {budget.id} is spent"


def _used_up(cap: FrequencyCap, context: OfferContext, now: datetime, offer_id: str) -> bool:
    """An offer dated after `now` counts too: a clock that jumped back must not open a cap."""
    since = now - timedelta(days=cap.days)
    times = sum(given.at > since and given.offer_id == offer_id for given in context.given)
    return times >= cap.times
