"""The next best offer as it is promised: the decision, the offer as it was then, and products with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from recommender.offers.catalogue import Catalogue, Offer
from recommender.offers.decide import Decision, ScoredOffers, drawn, stands, weigh
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OfferModel


class Promise(msgspec.Struct, frozen=True):
    """What is answered for as long as it stands, whatever becomes of the catalogue. offer None: no offer."""

    decision: Decision
    offer: Offer | None
    products: tuple[str, ...]
    revision: int


class Choice(NamedTuple):
    """A promise to be, and how it came about."""

    decision: Decision
    offer: Offer | None
    weighed: ScoredOffers
    asked: OfferContext


def standing_promise(packed: bytes, revision: int, now: datetime) -> Promise | None:
    """The one that is the answer still; that there is no offer, until there is a newer catalogue."""
    try:
        promise = msgspec.json.decode(packed, type=Promise | None)
    except msgspec.DecodeError:  # of another version: decided anew
        return None
    if promise is None or not stands(promise.decision, now):
        return None
    return promise if promise.offer is not None or promise.revision >= revision else None


def choose(
    catalogue: Catalogue,
    model: OfferModel,
    asked: OfferContext,
    now: datetime,
    edition: str,
    prices: Mapping[str, float] | None = None,
) -> Choice:
    """edition: tells this decision from others of the same customer and day; prices: of budgets."""
    weighed = weigh(catalogue, model, asked, now, prices)
    decision = drawn(weighed, asked, now, edition)
    offer = next((each for each in weighed.arms.offers if each.id == decision.offer_id), None)
    return Choice(decision, offer, weighed, asked)


def charges(choice: Choice, catalogue: Catalogue) -> list[tuple[str, float, float]]:
    """(budget, its amount, money) of what a promise takes from each budget, as if it were surely used."""
    if choice.offer is None:
        return []
    cost = choice.offer.costs(choice.asked.basket)
    return [
        (each.id, each.amount, cost)
        for each in catalogue.budgets
        if each.id in choice.offer.budgets and cost > 0
    ]
