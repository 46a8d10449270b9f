"""Whom an offer is for, out of the bundle, the shelf and what just happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import NamedTuple

import numpy as np

from features.live.customer_facts import CustomerState, DatedFact
from features.live.shopper_state import ShopperState
from features.time_units import WEEK_DAYS
from recommender.customers.build_profile import standing
from recommender.customers.profile import Profile
from recommender.customers.tiers import TierPlan
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle, Tables
from recommender.model.customer_tables import CustomerTable
from recommender.offers.eligibility import Given, OfferContext
from recommender.offers.incremental_margin import (
    FEATURES,
    OfferModel,
    chances_of,
    discount_share,
    features_of,
)
from recommender.value.order_models import SpendModel, Summary, expected_spend

ON_SITE = frozenset({"web", "site", "shop", "app"})
"""Channels on which the customer came to us: these need no consent to be written to."""
UNTAUGHT = OfferModel.untaught(FEATURES)


class Question(NamedTuple):
    """cart: product -> quantity, empty: the live one. given and spent: as in `OfferContext`; contacts: id ->
    epoch ms of messages handed out, those of sent offers by their decision's id."""

    customer_id: str
    channel: str
    cart: Mapping[str, float]
    shopper: ShopperState
    told: Mapping[str, DatedFact]
    given: tuple[tuple[str, int], ...]
    spent: Mapping[str, float]
    contacts: Mapping[str, int] = {}


class Goods(NamedTuple):
    """Money: what they are worth on the shelf, and the margin in it, where a cost is known (else NaN)."""

    worth: float
    margin: float


def model_of(tables: Tables) -> OfferModel:
    """What training learned of offers; until there is enough to learn from, what offers usually bring."""
    return tables.offers.model if tables.offers is not None else UNTAUGHT


def asked_of(
    question: Question, bundle: Bundle, shelf: Availability, plan: TierPlan | None, now: datetime
) -> OfferContext | None:
    """None: there is no telling what an order of theirs is worth, so nothing can be weighed."""
    known = standing(question.customer_id, bundle, shelf, question.shopper.purchases, plan, now.timestamp())
    cart = _goods(question.cart or question.shopper.cart, bundle, shelf)
    usual = _usual(bundle.tables.people, known, shelf)
    basket = cart if cart.worth > 0 else usual
    if not (isfinite(basket.worth) and isfinite(basket.margin) and basket.worth > 0):
        return None
    return OfferContext(
        customer_id=question.customer_id,
        features=_features(bundle, known, basket.worth, now, has_cart=cart.worth > 0),
        basket=basket.worth,
        margin=basket.margin,
        cart=cart.worth,
        segment=known.segment,
        tier=known.tier.name if known.tier else None,
        country=_country(question, known),
        channel=question.channel,
        first_order=known.orders == 0,
        consent=_consents(question, known),
        given=tuple(Given(offer, datetime.fromtimestamp(at / 1000, UTC)) for offer, at in question.given),
        messages=_messages(question, now),
        spent=question.spent,
    )


def _messages(question: Question, now: datetime) -> tuple[datetime, ...]:
    """Sent offers are among `given`; a message of the last day is the one that this offer would go with."""
    offered, today = {at for _, at in question.given}, now - timedelta(days=1)
    times = (datetime.fromtimestamp(at / 1000, UTC) for at in question.contacts.values() if at not in offered)
    return tuple(at for at in times if not today < at <= now)


def _goods(cart: Mapping[str, float], bundle: Bundle, shelf: Availability) -> Goods:
    """Of what is priced; a product of unknown cost has the usual share of its price as margin."""
    worth = margin = 0.0
    for product, quantity in cart.items():
        item = bundle.tables.products.row(product)
        price = float(shelf.price[item]) if item >= 0 else 0.0
        if price > 0:
            cost = float(shelf.cost[item])
            worth += quantity * price
            margin += quantity * (price - cost if isfinite(cost) else price * shelf.margin_share)
    return Goods(round(worth, 2), round(margin, 2))


def _usual(people: CustomerTable | None, known: Profile, shelf: Availability) -> Goods:
    """The order to expect of them: between their own mean and the shop's."""
    if people is None:
        return Goods(0.0, float("nan"))
    spend, orders = SpendModel(*people.value.spend.tolist()), np.array([float(known.orders)])
    mean = np.array([known.revenue / known.orders if known.orders else 0.0])
    worth = float(expected_spend(spend, orders, mean)[0])
    share = float(people.value.margin[0])
    share = share if isfinite(share) else shelf.margin_share
    return Goods(round(worth, 2), round(worth * share, 2))


def _features(
    bundle: Bundle, known: Profile, basket: float, now: datetime, *, has_cart: bool
) -> dict[str, float]:
    people, row = bundle.tables.people, bundle.tables.customers.row(known.customer_id)
    share = float(people.facts.discounted[row]) if people is not None and row >= 0 else 0.0
    used = discount_share(share * known.orders, known.orders)
    told = features_of(basket, used, has_cart)
    if people is not None:
        told |= chances_of(people.value.order_model, _summary(known, now))
    return {name: float(value) if np.ndim(value) == 0 else value.item() for name, value in told.items()}


def _summary(known: Profile, now: datetime) -> Summary:
    """Who never ordered is as good as new."""
    if known.first_order is None or known.last_order is None:
        return Summary.of(0.0, 0.0, 0.0)
    recency = (known.last_order - known.first_order).days / WEEK_DAYS
    age = max((now.date() - known.first_order).days / WEEK_DAYS, recency)
    return Summary.of(max(known.orders - 1, 0), recency, age)


def _country(question: Question, known: Profile) -> str | None:
    said = question.told.get("country")
    return said.value if said else known.country


def _consents(question: Question, known: Profile) -> bool:
    """Messages need a yes, the latest word counting; what the history knows is about all channels."""
    if question.channel in ON_SITE:
        return True
    said = CustomerState(told=question.told).consents(question.channel)
    return known.consent is True if said is None else said
