"""Who may get an offer now, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from recommender.offers.catalogue import Budget, Cap, Catalogue, Offer, least_margin
from recommender.validity import is_active


class Given(msgspec.Struct, frozen=True):
    """An offer that a customer got; `at` is aware."""

    offer_id: str
    at: datetime


class OfferContext(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an offer is for. Money in the shop's currency.

    features: name -> value, as the model knows them; basket and margin: of the order to expect (the cart's,
    where there is one), margin before any offer; given: offers got within the longest cap; messages: when
    others reached them, but for one that this offer might go with; spent: by budget, what is promised.
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


def why_not(offer: Offer, catalogue: Catalogue, asked: OfferContext, now: datetime) -> str | None:
    """The first reason why this customer may not get it, in words; None: they may."""
    return next(_reasons(offer, catalogue, asked, now), None)


def contact_barred(catalogue: Catalogue, asked: OfferContext, now: datetime) -> bool:
    """Whether the contact budget is used up, by offers or by messages: no offer at all."""
    cap = catalogue.contacts
    if cap is None:
        return False
    reached = (*(each.at for each in asked.given), *asked.messages)
    return sum(at > now - timedelta(days=cap.days) for at in reached) >= cap.times


def _reasons(offer: Offer, catalogue: Catalogue, asked: OfferContext, now: datetime) -> Iterator[str]:
    wanted = offer.eligible
    if not is_active(offer, now):
        yield "it is not running now"
    for what in ("segment", "tier", "country", "channel"):
        allowed, own = getattr(wanted, _LISTS[what]), getattr(asked, what)
        if allowed and own not in allowed:
            yield f"it is not for the {what} {own or 'that nobody knows'}"
    if asked.cart < wanted.minimum_cart:
        yield f"the cart is worth {asked.cart:.2f}, less than {wanted.minimum_cart:.2f}"
    if wanted.first_order is not None and wanted.first_order is not asked.first_order:
        yield "it is for a first order" if wanted.first_order else "it is for those who bought before"
    if wanted.consent and not asked.consent:
        yield "it needs their consent"
    if offer.cap is not None and _used_up(offer.cap, asked, now, offer.id):
        yield f"they got it {offer.cap.times} times in {offer.cap.days} days"
    if offer.costs(asked.basket) > asked.margin - least_margin(offer, catalogue) * asked.basket:
        yield "it would leave less than the minimum margin"
    yield from _budget_reasons(offer, catalogue.budgets, asked, now)


_LISTS = {"segment": "segments", "tier": "tiers", "country": "countries", "channel": "channels"}


def _budget_reasons(
    offer: Offer, budgets: tuple[Budget, ...], asked: OfferContext, now: datetime
) -> Iterator[str]:
    for budget in budgets:
        if budget.id in offer.budgets:
            if not is_active(budget, now):
                yield f"its budget {budget.id} is not open now"
            if asked.spent.get(budget.id, 0.0) + offer.costs(asked.basket) > budget.amount:
                yield f"its budget {budget.id} is spent"


def _used_up(cap: Cap, asked: OfferContext, now: datetime, offer_id: str) -> bool:
    """An offer dated after `now` counts too: a clock that jumped back must not open a cap."""
    since = now - timedelta(days=cap.days)
    times = sum(given.at > since and given.offer_id == offer_id for given in asked.given)
    return times >= cap.times
