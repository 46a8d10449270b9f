"""`/v1/bundles`: products at one price together."""

import asyncio
import time
from typing import Any

import msgspec
import numpy as np
from fastapi import APIRouter, Request, Response

from api.schemas.offers import SetAnswer, SetItem, SetsAnswer, SetsAsk
from api.schemas.recommendations import Ask, ReasonAnswer
from api.serving.product_names import known_ask
from api.serving.security import KeyScope
from api.serving.service import Service
from api.serving.shoppers import Shopper, live_shopper, shopper_of
from api.web.openapi import documented
from api.web.queries import checked
from api.web.replies import JsonReply, encode
from features.live.shopper_state import ShopperState
from features.merchant.api_keys import Scope
from features.time_units import DAY_MS, DAY_S
from recommender.context.request import Request as Seen
from recommender.product_sets.set_offers import AvailableSets, SetOffer, SetQuery
from recommender.reasons.language import Language, known_tag, language_of
from recommender.recommend import Recommender

router = APIRouter(tags=["offers"])
MIN_ORDERS_SAID = 10


@router.get("/v1/bundles", **documented(SetsAnswer, 422, query=SetsAsk))
async def product_sets(request: Request, scope: KeyScope) -> Response:
    """Sets with a product, sets that go on from a cart, or the shop's best, priced so that the discount pays
    for itself: often there is none. Never below the minimum margin of the offers' catalogue."""
    service: Service = request.app.state.service
    ask = await known_ask(service, _ask_of_query(dict(request.query_params)))
    identity = Ask(
        "cart",
        ask.customer_id,
        ask.anonymous_id,
        customer_token=ask.customer_token,
        personalise=ask.personalise,
    )
    shopper = shopper_of(request, scope, service, identity)
    shopper, log, missing = await live_shopper(service, shopper)
    recommender = service.recommender
    if recommender is None:
        return JsonReply(encode(SetsAnswer([], None, [*missing, "no_model"])))
    language = language_of(known_tag(ask.language, service.settings.language))
    recommender = recommender.for_market_of(_seen_by(ask, shopper, language))
    tables, known = recommender.bundle.tables, recommender.availability
    shelf = known.assuming(tables, service.offers.assumed_margins)
    shop = AvailableSets(recommender.bundle, shelf, service.offers)
    set_offers = await asyncio.to_thread(shop.offers, _query(recommender, ask, shopper, log.fold()), ask.k)
    reasons = missing if recommender.bundle.tables.sets is not None else [*missing, "no_sets"]
    bundles = [_answer(recommender, each, scope, language) for each in set_offers]
    return JsonReply(encode(SetsAnswer(bundles, recommender.bundle.manifest.version, reasons)))


def _seen_by(ask: SetsAsk, shopper: Shopper, language: Language) -> Seen:
    """A question as the market sees it that the sets are for."""
    return Seen(
        "cart",
        time.time(),
        customer_id=shopper.customer_id,
        country=ask.country,
        language=language.tag,
        titles=ask.language,
        currency=ask.currency,
    )


def _ask_of_query(fields: dict[str, Any]) -> SetsAsk:
    """Raises Problem 422. Empty values count as absent."""
    fields = {name: value for name, value in fields.items() if value and name != "key"}
    if "cart" in fields:
        fields["cart"] = tuple(part for part in fields["cart"].split(",") if part)
    return checked(fields, SetsAsk, strict=False)


def _query(recommender: Recommender, ask: SetsAsk, shopper: Shopper, state: ShopperState) -> SetQuery:
    tables = recommender.bundle.tables
    cart = frozenset(tables.products.rows(ask.cart or state.cart))
    today, rest = int(time.time() // DAY_S), tables.product.rest_days
    bought = tables.purchases.of(tables.customers.row(shopper.customer_id))
    suppressed = set(bought.items[bought.last_day > today - rest[bought.items]].tolist())
    for order in state.purchases:
        rows = tables.products.rows(order.product_ids)
        suppressed.update(item for item in rows if order.at_ms // DAY_MS > today - rest[item])
    return SetQuery(tables.products.row(ask.product_id), cart, frozenset(suppressed - cart))


def _answer(recommender: Recommender, set_offer: SetOffer, scope: Scope, language: Language) -> SetAnswer:
    price, secret, assumed = set_offer.price, scope == "secret", _is_assumed(recommender, set_offer)
    return SetAnswer(
        items=[_item(recommender, item) for item in set_offer.items],
        name=set_offer.name,
        list_price=price.list_price,
        bundle_price=price.price,
        discount=round(price.discount, 2),
        support=set_offer.support,
        lift=round(set_offer.lift, 2),
        reason=_reason(set_offer, language),
        expected_margin_gain=price.expected_margin_gain if secret else None,
        pricing=_pricing(set_offer, assumed=assumed) if secret else None,
        margin_assumed=assumed if secret else None,
    )


def _is_assumed(recommender: Recommender, set_offer: SetOffer) -> bool:
    """Whether a cost of the set is one that the shop assumes, or is not known."""
    return not np.isfinite(recommender.availability.cost[list(set_offer.items)]).all()


def _item(recommender: Recommender, item: int) -> SetItem:
    card = msgspec.json.decode(b"{%b}" % recommender.availability.card(recommender.bundle.tables, item))
    shown = {name: card[name] for name in SetItem.__struct_fields__ if name in card}
    return SetItem(**{**shown, "product_id": recommender.bundle.tables.products.name(item)})


def _reason(set_offer: SetOffer, language: Language) -> ReasonAnswer:
    """A few orders are not told to shoppers; they are in the evidence."""
    orders, texts = set_offer.support, language.texts
    evidence = {"orders": orders, "lift": round(set_offer.lift, 2)}
    if orders >= MIN_ORDERS_SAID:
        text = language.counted(texts.set_together, orders)
    else:
        text = texts.set_of_shop if set_offer.fixed else texts.set_goes
    return ReasonAnswer(
        "chosen_by_shop" if set_offer.fixed or not orders else "bought_together", text, evidence
    )


def _pricing(set_offer: SetOffer, *, assumed: bool) -> str:
    price = set_offer.price
    said = " A cost is not known: it is by the margin that the shop assumes." if assumed else ""
    if price.discount == 0:
        return "No discount: none from 5 % on brings more than it gives away, or a cost is not known."
    return (
        f"{price.discount:.0%} off: {price.bought_anyway:.0%} of its buyers would take it at list price; it"
        f" pays from {price.needed_attach:.0%} of its main product's buyers on ({price.attach:.0%} now)."
        f"{said}"
    )
