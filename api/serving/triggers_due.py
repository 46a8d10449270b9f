"""Triggers looked at again as they are read: prices, stock, consent and orders may have changed since."""

import asyncio
from collections.abc import Sequence

import msgspec

from api.serving.service import Service
from api.serving.tiers import tier_plan
from features.catalogue.price_and_stock_news import news_of
from features.merchant.versioned_settings import TRIGGER_SETTINGS
from features.outgoing.trigger_queue import Page, TriggerState, note_contacts, read_page, read_states_of
from features.store import keys
from recommender.customers.tiers import TierPlan
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.messages.back_in_stock_and_price_drop import interests
from recommender.lifecycle.models import customer_model_of
from recommender.lifecycle.vocabulary.occasion import TRANSACTIONAL, Trigger
from recommender.lifecycle.vocabulary.settings import Settings

_encode = msgspec.json.Encoder().encode
Line = tuple[str, bytes]
"""A trigger's entry id and its JSON."""


class _Notice(msgspec.Struct, frozen=True):
    """What lines of triggers and of cancellations have in common."""

    customer_id: str
    cancelled: bool = False


async def due_page(
    service: Service, since: str, kinds: Sequence[str], now_ms: int, limit: int, *, note: bool
) -> Page:
    """The next triggers that still hold, and cancellations. note: count triggers as contacts.

    Raises StoreUnavailable.
    """
    page = await read_page(service.batch, since, kinds, now_ms, limit)
    lines = await checked_lines(service, page.triggers, now_ms)
    if note:
        told = [msgspec.json.decode(line, type=Trigger) for _, line in lines if not _is_off(line)]
        counted = [(each.customer_id, each.id) for each in told if each.kind not in TRANSACTIONAL]
        await note_contacts(service.batch, counted, now_ms)
    return Page(page.last, lines)


async def checked_lines(service: Service, lines: Sequence[Line], now_ms: int) -> list[Line]:
    """Those that still hold, and cancellations. Raises StoreUnavailable."""
    if service.recommender is None:  # without a model nobody knows what is sold
        return list(lines)
    customers = list({_customer(line): None for _, line in lines if not _is_off(line)})
    if not customers:
        return list(lines)
    states = dict(zip(customers, await read_states_of(service.batch, customers), strict=True))
    settings = await TRIGGER_SETTINGS.current(service.batch)
    knowledge = await knowledge_of(service, states.values())  # type: ignore[arg-type]
    wanted = msgspec.json.decode(settings.settings, type=Settings)
    return await asyncio.to_thread(_still_due, knowledge, lines, states, now_ms, wanted)


def _still_due(
    knowledge: Knowledge,
    lines: Sequence[Line],
    states: dict[str, TriggerState],
    now_ms: int,
    settings: Settings,
) -> list[Line]:
    kept = []
    for entry, line in lines:
        if _is_off(line):
            kept.append((entry, line))
            continue
        trigger = msgspec.json.decode(line, type=Trigger)
        now = knowledge.still_due(trigger, states[trigger.customer_id], now_ms, settings)
        if now is not None:
            kept.append((entry, line if now == trigger else _encode(now)))
    return kept


async def knowledge_of(service: Service, states: Sequence[TriggerState]) -> Knowledge:
    """What the model, the shelf and the news of products say now. Raises StoreUnavailable."""
    products = list(dict.fromkeys(product for each in states for product in interests(each.life) if product))
    replies = await service.batch.call("HMGET", keys.product_news(), *products) if products else []
    recommender, tiers = service.recommender, await asyncio.to_thread(tier_plan, service.home)
    return Knowledge(
        recommender,
        customer_model_of(recommender.bundle.tables) if recommender else None,
        news_of(products, replies),
        tiers or TierPlan(),
        service.variants.trials,
    )


def _is_off(line: bytes) -> bool:
    return msgspec.json.decode(line, type=_Notice).cancelled


def _customer(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Notice).customer_id
