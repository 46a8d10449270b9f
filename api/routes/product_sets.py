"""`/v1/bundles`: products at one price together."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.offers import SetAnswer, SetItem, SetsAnswer, SetsAsk
from api.schemas.recommendations import Ask, ReasonAnswer
from api.serving.security import KeyScope
from api.serving.service import Service
from api.serving.shoppers import Shopper, live_log, whose
from api.web.openapi import documented
from api.web.queries import checked
from api.web.replies import JsonReply, encode
from features.live.shopper_state import ShopperState
from features.merchant.api_keys import Scope
from recommender.context.request import DAY, REPEAT_SUPPRESSION_DAYS
from recommender.product_sets.set_offers import SetOffer, SetsAsked, SetShop
from recommender.recommend import Recommender

router = APIRouter(tags=["offers"])


@router.get("/v1/bundles", **documented(SetsAnswer, 422, query=SetsAsk))
async def product_sets(request: Request, scope: KeyScope) -> Response:
    """Sets with a product, sets that go on from a cart, or the shop's best, priced so that the discount pays
    for itself: often there is none. Never below the minimum margin of the offers' catalogue."""
    service: Service = request.app.state.service
    ask = _asked(dict(request.query_params))
    who = Ask("cart", ask.customer_id, ask.anonymous_id, customer_token=ask.customer_token)
    shopper = whose(request, scope, service.access, who)
    log, missing = await live_log(service, shopper)
    recommender = service.recommender
    if recommender is None:
        return JsonReply(encode(SetsAnswer([], None, [*missing, "no_model"])))
    shop = SetShop(recommender.bundle, recommender.availability, service.offers)
    found = await asyncio.to_thread(shop.offers, _question(recommender, ask, shopper, log.fold()), ask.k)
    reasons = missing if recommender.bundle.tables.sets is not None else [*missing, "no_sets"]
    bundles = [_answer(recommender, each, scope) for each in found]
    return JsonReply(encode(SetsAnswer(bundles, recommender.bundle.manifest.version, reasons)))


def _asked(fields: dict[str, Any]) -> SetsAsk:
    """Raises Problem 422. Empty values count as absent."""
    fields = {name: value for name, value in fields.items() if value and name != "key"}
    if "cart" in fields:
        fields["cart"] = tuple(part for part in fields["cart"].split(",") if part)
    return checked(fields, SetsAsk, strict=False)


def _question(recommender: Recommender, ask: SetsAsk, shopper: Shopper, state: ShopperState) -> SetsAsked:
    tables = recommender.bundle.tables
    cart = frozenset(tables.products.rows(ask.cart or state.cart))
    since = int(time.time() // DAY) - REPEAT_SUPPRESSION_DAYS
    bought = tables.purchases.of(tables.customers.row(shopper.customer_id))
    rested = set(bought.items[bought.last_day > since].tolist())
    for order in state.purchases:
        if order.at_ms // (DAY * 1000) > since:
            rested.update(tables.products.rows(order.product_ids))
    return SetsAsked(tables.products.row(ask.product_id), cart, frozenset(rested - cart))


def _answer(recommender: Recommender, found: SetOffer, scope: Scope) -> SetAnswer:
    price, secret = found.price, scope == "secret"
    return SetAnswer(
        items=[_item(recommender, item) for item in found.items],
        name=found.name,
        list_price=price.list_price,
        bundle_price=price.price,
        discount=round(price.discount, 2),
        support=found.support,
        lift=round(found.lift, 2),
        reason=_reason(found),
        expected_margin_gain=price.expected_margin_gain if secret else None,
        pricing=_pricing(found) if secret else None,
    )


def _item(recommender: Recommender, item: int) -> SetItem:
    card = msgspec.json.decode(b"{%b}" % recommender.availability.card(recommender.bundle.tables, item))
    known = {name: card[name] for name in SetItem.__struct_fields__ if name in card}
    return SetItem(**{**known, "product_id": recommender.bundle.tables.products.name(item)})


def _reason(found: SetOffer) -> ReasonAnswer:
    evidence = {"orders": found.support, "lift": round(found.lift, 2)}
    if not found.support:
        return ReasonAnswer("chosen_by_shop", "Put together by the shop.", evidence)
    text = f"Bought together in {found.support} orders, {found.lift:.1f} times as often as by chance."
    return ReasonAnswer("chosen_by_shop" if found.fixed else "bought_together", text, evidence)


def _pricing(found: SetOffer) -> str:
    price = found.price
    if price.discount == 0:
        return "No discount: it would give away more than further sets bring, or a cost is not known."
    return (
        f"{price.discount:.0%} off: {price.bought_anyway:.0%} of its buyers would take it at list price; it"
        f" pays from {price.needed_attach:.0%} of its main product's buyers on ({price.attach:.0%} now)."
    )
