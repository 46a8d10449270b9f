"""The next best offer as it is promised: the decision, the offer as it was then, and its products."""

from collections.abc import Mapping
from datetime import datetime
from math import floor, log2
from typing import NamedTuple

import msgspec

from recommender.offers.catalogue import Catalogue, Offer
from recommender.offers.decide import (
    BudgetPrice,
    Decision,
    ScoredOffers,
    draw_decision,
    is_valid,
    score_offers,
)
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OfferModel


class Promise(msgspec.Struct, frozen=True):
    """The answer while the decision is valid, whatever changes in the catalogue. offer None: no offer."""

    decision: Decision
    offer: Offer | None
    products: tuple[str, ...]
    revision: int


class OfferChoice(NamedTuple):
    """A decision before it is promised, and what it was made from."""

    decision: Decision
    offer: Offer | None
    scored: ScoredOffers
    context: OfferContext


def cart_class(catalogue: Catalogue, cart: float) -> str:
    """Carts of one class are alike to offers: empty ones, or those that reach the same minimum and are worth
    about the same, up to twice as much. cart: its value, money."""
    if cart <= 0:
        return "empty"
    minimums = (offer.eligible.minimum_cart for offer in catalogue.offers)
    reached = max((minimum for minimum in minimums if minimum <= cart), default=0.0)
    return f"{max(reached, 2.0 ** floor(log2(cart))):g}"


def question_of(channel: str, carts: str) -> str:
    """The name under which a decision for a channel and a class of carts is remembered."""
    return f"{channel} {carts}"


def standing_promise(
    decisions: Mapping[str, bytes], channel: str, carts: str, cart: float, revision: int, now: datetime
) -> Promise | None:
    """The promise that answers a question: its own; or an offer that was made in this channel for another
    cart and holds for this one, too. That there was none for another question says nothing.

    decisions: question -> JSON; carts: the class of the cart; cart: its value.
    """
    own = valid_promise(decisions.get(question_of(channel, carts), b""), revision, now)
    if own is not None and own.offer is not None:
        return own
    for question, packed in reversed(list(decisions.items())):
        if question.rpartition(" ")[0] == channel:
            promise = valid_promise(packed, revision, now)
            if promise and promise.offer and promise.offer.eligible.minimum_cart <= cart:
                return promise
    return own


def valid_promise(packed: bytes, revision: int, now: datetime) -> Promise | None:
    """The stored promise while it is valid. That there is no offer holds only until the catalogue changes."""
    try:
        promise = msgspec.json.decode(packed, type=Promise | None)
    except msgspec.DecodeError:  # written by another version: decide again
        return None
    if promise is None or not is_valid(promise.decision, now):
        return None
    return promise if promise.offer is not None or promise.revision >= revision else None


def choose_offer(
    catalogue: Catalogue,
    model: OfferModel,
    context: OfferContext,
    now: datetime,
    state_hash: str,
    prices: Mapping[str, BudgetPrice] | None = None,
) -> OfferChoice:
    """state_hash: tells apart the ids of a customer's decisions of a day; prices: of budgets."""
    scored = score_offers(catalogue, model, context, now, prices)
    decision = draw_decision(scored, context, now, state_hash)
    offer = next((each for each in scored.arms.offers if each.id == decision.offer_id), None)
    return OfferChoice(decision, offer, scored, context)


def charges(choice: OfferChoice, catalogue: Catalogue) -> list[tuple[str, float, float]]:
    """(budget, its amount, cost): what a promise reserves of each budget, as if it were surely redeemed."""
    if choice.offer is None:
        return []
    cost = choice.offer.costs(choice.context.basket)
    return [
        (each.id, each.amount, cost)
        for each in catalogue.budgets
        if each.id in choice.offer.budgets and cost > 0
    ]
