"""The context of an offer decision, from the bundle, the availability and the live shopper."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import NamedTuple

import numpy as np

from features.live.customer_facts import CustomerState, DatedFact
from features.live.shopper_state import ShopperState
from features.time_units import WEEK_DAYS
from recommender.arrays.dtypes import Int64s
from recommender.arrays.id_map import NO_ROW
from recommender.customers.build_profile import brief_profile
from recommender.customers.profile import Profile
from recommender.customers.tiers import TierPlan
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle, Tables
from recommender.model.customer_tables import CustomerTable
from recommender.offers.catalogue import Catalogue
from recommender.offers.eligibility import Given, OfferContext
from recommender.offers.incremental_margin import (
    OFFER_FEATURES,
    OfferModel,
    chances_of,
    discount_share,
    features_of,
)
from recommender.value.order_models import OrderSummary, SpendModel, expected_spend

ON_SITE = frozenset({"web", "site", "shop", "app"})
"""Channels that the customer visits by themselves: an offer there needs no consent."""
UNTAUGHT = OfferModel.untaught(OFFER_FEATURES)


class OfferRequest(NamedTuple):
    """visitor: the customer, or else the browser. cart: product -> quantity, empty: the live one. stated:
    country, consents and so on, by name. given: (offer, epoch ms); spent, held_until: as in `OfferContext`;
    contacts: id -> epoch ms of messages sent, those of sent offers by their decision's id."""

    customer_id: str | None
    visitor: str
    channel: str
    cart: Mapping[str, float]
    shopper: ShopperState
    stated: Mapping[str, DatedFact]
    given: tuple[tuple[str, int], ...]
    spent: Mapping[str, float]
    contacts: Mapping[str, int] = {}
    held_until: datetime | None = None


class OrderValue(NamedTuple):
    """Money: the price of an order's goods, and the margin in it (NaN: no cost is known)."""

    value: float
    margin: float


def model_of(tables: Tables) -> OfferModel:
    """What training learned about offers; until there is enough data, the prior."""
    return tables.offers.model if tables.offers is not None else UNTAUGHT


def build_offer_context(
    request: OfferRequest,
    catalogue: Catalogue,
    bundle: Bundle,
    known: Availability,
    plan: TierPlan | None,
    now: datetime,
) -> OfferContext | None:
    """None where neither the cart nor the model gives the price and margin of an order to expect.

    known: with the costs that are known; the catalogue's assumed margins stand for the others.
    """
    purchases = request.shopper.purchases
    availability = known.assuming(bundle.tables, catalogue.assumed_margins)
    profile = brief_profile(request.customer_id or "", bundle, availability, purchases, plan, now.timestamp())
    in_cart = request.cart or request.shopper.cart
    cart = cart_value(in_cart, bundle, availability)
    expected = _expected_order(bundle.tables.people, profile, availability)
    basket = cart if cart.value > 0 else expected
    if not (isfinite(basket.value) and isfinite(basket.margin) and basket.value > 0):
        return None
    return OfferContext(
        customer_id=request.visitor,
        features=_features(bundle, profile, basket.value, now, has_cart=cart.value > 0),
        basket=basket.value,
        margin=basket.margin,
        cart=cart.value,
        segment=profile.segment,
        tier=profile.tier.name if profile.tier else None,
        country=_country(request, profile),
        channel=request.channel,
        first_order=profile.orders == 0,
        consent=_consents(request, profile),
        given=tuple(Given(offer, datetime.fromtimestamp(at / 1000, UTC)) for offer, at in request.given),
        messages=_messages(request, now),
        spent=request.spent,
        held_until=request.held_until,
        margin_assumed=_is_assumed(in_cart if cart.value > 0 else (), bundle, known, availability),
        interests=_interests(catalogue, request, bundle),
    )


def _is_assumed(cart: Collection[str], bundle: Bundle, known: Availability, assumed: Availability) -> bool:
    """Whether a cost of the cart, or without a cart every cost, is by an assumed margin."""
    if assumed is known:
        return False
    rows = bundle.tables.products.rows(cart)
    return not np.isfinite(known.cost[rows]).all() if rows else not isfinite(known.margin_share)


def _interests(catalogue: Catalogue, request: OfferRequest, bundle: Bundle) -> dict[str, float]:
    """Content offer -> share of what they looked at, put into the cart and bought that is about its products,
    or others of their categories. Empty where nothing is known of them."""
    tables, shopper = bundle.tables, request.shopper
    bought = tables.purchases.of(tables.customers.row(request.customer_id)).items.tolist()
    live = (*shopper.viewed, *shopper.cart, *(p for order in shopper.purchases for p in order.product_ids))
    seen = np.array([*tables.products.rows(live), *bought], np.int64)
    contents = [offer for offer in catalogue.offers if offer.kind == "content"]
    return {offer.id: _about(tables, seen, offer.products) for offer in contents} if len(seen) else {}


def _about(tables: Tables, seen: Int64s, products: Sequence[str]) -> float:
    """Share of the products seen that are among these, or of their categories."""
    rows = np.array(tables.products.rows(products), np.int64)
    categories = [each for each in tables.product.category[rows].tolist() if each != NO_ROW]
    alike = np.isin(seen, rows) | np.isin(tables.product.category[seen], categories)
    return float(alike.mean())


def _messages(request: OfferRequest, now: datetime) -> tuple[datetime, ...]:
    """Times of other messages. Left out: sent offers, which are among `given`, and a message of the last
    day, with which this offer would be sent."""
    offered, today = {at for _, at in request.given}, now - timedelta(days=1)
    times = (datetime.fromtimestamp(at / 1000, UTC) for at in request.contacts.values() if at not in offered)
    return tuple(at for at in times if not today < at <= now)


def cart_value(cart: Mapping[str, float], bundle: Bundle, availability: Availability) -> OrderValue:
    """Of the products with a price; one of unknown cost has the shop's usual share of its price as margin."""
    value = margin = 0.0
    for product, quantity in cart.items():
        item = bundle.tables.products.row(product)
        price = float(availability.price[item]) if item >= 0 else 0.0
        if price > 0:
            cost = float(availability.cost[item])
            value += quantity * price
            margin += quantity * (price - cost if isfinite(cost) else price * availability.margin_share)
    return OrderValue(round(value, 2), round(margin, 2))


def _expected_order(
    customers: CustomerTable | None, profile: Profile, availability: Availability
) -> OrderValue:
    """The next order to expect: its price lies between the customer's own mean and the shop's."""
    if customers is None:
        return OrderValue(0.0, float("nan"))
    spend, orders = SpendModel(*customers.value.spend.tolist()), np.array([float(profile.orders)])
    mean = np.array([profile.revenue / profile.orders if profile.orders else 0.0])
    value = float(expected_spend(spend, orders, mean)[0])
    share = float(customers.value.margin[0])
    share = share if isfinite(share) else availability.margin_share
    return OrderValue(round(value, 2), round(value * share, 2))


def _features(
    bundle: Bundle, profile: Profile, basket: float, now: datetime, *, has_cart: bool
) -> dict[str, float]:
    customers, row = bundle.tables.people, bundle.tables.customers.row(profile.customer_id)
    share = float(customers.facts.discounted[row]) if customers is not None and row >= 0 else 0.0
    used = discount_share(share * profile.orders, profile.orders)
    features = features_of(basket, used, has_cart)
    if customers is not None:
        features |= chances_of(customers.value.order_model, _summary(profile, now))
    return {
        name: float(number) if np.ndim(number) == 0 else number.item() for name, number in features.items()
    }


def _summary(profile: Profile, now: datetime) -> OrderSummary:
    """A customer who never ordered counts as new."""
    if profile.first_order is None or profile.last_order is None:
        return OrderSummary.of(0.0, 0.0, 0.0)
    recency = (profile.last_order - profile.first_order).days / WEEK_DAYS
    age = max((now.date() - profile.first_order).days / WEEK_DAYS, recency)
    return OrderSummary.of(max(profile.orders - 1, 0), recency, age)


def _country(request: OfferRequest, profile: Profile) -> str | None:
    stated = request.stated.get("country")
    return stated.value if stated else profile.country


def _consents(request: OfferRequest, profile: Profile) -> bool:
    """Messages need consent. What the customer stated last for the channel counts, else the history's
    consent, which is for all channels."""
    if request.channel in ON_SITE:
        return True
    consent = CustomerState(facts=request.stated).consents(request.channel)
    return profile.consent is True if consent is None else consent
