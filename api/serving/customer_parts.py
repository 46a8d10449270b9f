"""What a support desk wants beside a customer's profile: suggestions, an offer, orders, an address."""

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from api.schemas.customers import Bought, LatestOrder, MessageDue, Part
from api.schemas.offers import OfferAnswer, OfferAsk
from api.schemas.recommendations import PicksAnswer, PicksAsk
from api.serving.offer_experiments import offer_in_trial
from api.serving.offers import nothing_decided
from api.serving.picks import Line, answer_pages
from api.serving.service import Service
from features.live.shopper_state import Purchase
from features.outgoing.trigger_queue import waiting_for
from features.people.kept_emails import emails_of
from features.store.connection import StoreUnavailable
from recommender.customers.profile import date_within_calendar

MOST_BOUGHT = 50
_picks_of = msgspec.json.Decoder(PicksAnswer).decode


async def parts_of(
    service: Service, customer_id: str, wanted: Collection[Part], live: Sequence[Purchase]
) -> dict[str, Any]:
    """The fields of a `CustomerAnswer` that were asked for. live: their orders in the live log."""
    parts: dict[str, Any] = {}
    if "picks" in wanted:
        parts["picks"] = await _picks(service, customer_id)
    if "offers" in wanted:
        parts["offer"] = await _offer(service, customer_id)
    if "orders" in wanted:
        parts["latest_orders"] = [_order(each) for each in live]
        parts["bought"] = _bought(service, customer_id)
    if "email" in wanted:
        kept = await asyncio.to_thread(emails_of, service.home, [customer_id])
        parts["email"] = kept.get(customer_id)
    if "messages" in wanted:
        parts["messages_due"] = await _messages_due(service, customer_id)
    return parts


async def _picks(service: Service, customer_id: str) -> PicksAnswer:
    ask = PicksAsk(customer_id, preview=True)
    [[body]] = [page async for page in answer_pages(service, iter([[Line(ask)]]))]
    return _picks_of(body)


async def _offer(service: Service, customer_id: str) -> OfferAnswer:
    try:
        return await offer_in_trial(service, OfferAsk(customer_id))
    except StoreUnavailable:
        return nothing_decided("store_unavailable")


async def _messages_due(service: Service, customer_id: str) -> list[MessageDue]:
    """Those that expire first come first; none while the store is away."""
    with suppress(StoreUnavailable):
        return [
            MessageDue(each.id, each.kind, _at(each.at_ms), _at(each.expires_ms))
            for each in await waiting_for(service.store, customer_id, int(time.time() * 1000))
        ]
    return []


def _at(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _order(order: Purchase) -> LatestOrder:
    products: dict[str, float] = {}
    for product_id, quantity in zip(order.product_ids, order.quantities, strict=True):
        products[product_id] = products.get(product_id, 0.0) + quantity
    return LatestOrder(order.order_id, _at(order.at_ms), products)


def _bought(service: Service, customer_id: str) -> list[Bought]:
    if service.recommender is None:
        return []
    tables = service.recommender.bundle.tables
    row = tables.purchases.of(tables.customers.row(customer_id))
    newest = np.argsort(-row.last_day, kind="stable")[:MOST_BOUGHT]
    return [
        Bought(
            tables.products.name(item),
            tables.titles[item].decode(),
            int(row.orders[at]),
            date_within_calendar(float(row.last_day[at])),
        )
        for at in newest
        for item in (int(row.items[at]),)
    ]
