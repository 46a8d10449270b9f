"""Messages without handing any out: what is due by kind, the coming days, what one customer would get."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from api.schemas.triggers import (
    CalendarDay,
    DueKind,
    DueMessages,
    MessageCalendar,
    MessagePreview,
    Upcoming,
)
from api.serving.service import Service
from api.serving.triggers_due import checked_lines, knowledge_of
from features.merchant.versioned_settings import TRIGGER_SETTINGS
from features.outgoing.trigger_queue import BEGINNING, TriggerState, read_page, read_states_of
from features.store import keys
from recommender.experiments.plan import OFFERS
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.outlook import daily_moments, outlook
from recommender.lifecycle.timing import budget_opens, channel_for, held_until
from recommender.lifecycle.trials import settings_for
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS, Trigger
from recommender.lifecycle.vocabulary.settings import Settings

PAGE_ENTRIES, MOST_ENTRIES, EXAMPLES = 500, 20_000, 3
LOOKED_AT = 200  # customers of the calendar: about a second
STATES_AT_ONCE = 50
PREVIEW_DAYS = 14


class _Line(msgspec.Struct, frozen=True):
    """What is counted of a trigger, or of the cancellation of one."""

    id: str
    kind: str
    customer_id: str
    cancelled: bool = False


async def due_by_kind(service: Service) -> DueMessages:
    """Raises StoreUnavailable."""
    now_ms, after, looked = int(time.time() * 1000), BEGINNING, 0
    waiting: dict[str, tuple[str, bytes, str]] = {}
    read: Counter[str] = Counter()
    while after and looked < MOST_ENTRIES:
        page = await read_page(service.batch, after, (), now_ms, PAGE_ENTRIES)
        after, looked = page.last, looked + PAGE_ENTRIES
        lines = [(entry, text, msgspec.json.decode(text, type=_Line)) for entry, text in page.triggers]
        for (entry, text, line), is_read in zip(lines, await _read_already(service, lines), strict=True):
            if line.cancelled:
                waiting.pop(line.id, None)
            elif is_read:
                read[line.kind] += 1
            else:
                waiting[line.id] = (line.kind, text, entry)
    return DueMessages(await _kinds(service, waiting, read, now_ms), more=bool(after))


async def _read_already(service: Service, lines: Sequence[tuple[str, bytes, _Line]]) -> list[bool]:
    """Of each line, whether it counts as a contact already."""
    asked = [service.batch.send("ZSCORE", keys.contacts(line.customer_id), line.id) for *_, line in lines]
    return [await each is not None for each in asked]


async def _kinds(
    service: Service, waiting: dict[str, tuple[str, bytes, str]], read: Counter[str], now_ms: int
) -> list[DueKind]:
    first: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for kind, text, entry in waiting.values():
        if len(first[kind]) < EXAMPLES:
            first[kind].append((entry, text))
    shown = await checked_lines(service, [each for lines in first.values() for each in lines], now_ms)
    examples = [msgspec.json.decode(text, type=Trigger) for _, text in shown]
    counts = Counter(kind for kind, *_ in waiting.values())
    return [
        DueKind(kind, counts[kind], read[kind], [each for each in examples if each.kind == kind])
        for kind in MESSAGE_KINDS
        if counts[kind] or read[kind]
    ]


async def message_calendar(service: Service, days: int) -> MessageCalendar:
    """Raises StoreUnavailable."""
    customers = _sample(service)
    states = [
        state
        for start in range(0, len(customers), STATES_AT_ONCE)
        for state in await read_states_of(service.batch, customers[start : start + STATES_AT_ONCE])
    ]
    knowledge, settings = await _situation(service, states)
    total = _number_of_customers(service)
    moments = daily_moments(int(time.time() * 1000), days, settings)
    counts = await asyncio.to_thread(
        _counted, knowledge, dict(zip(customers, states, strict=True)), moments, settings
    )
    scale = total / len(customers) if customers else 1.0
    return MessageCalendar(
        [
            CalendarDay(_day(at_ms), {kind: round(n * scale) for kind, n in counts[at_ms].most_common()})
            for at_ms in moments
        ],
        total,
        len(customers),
    )


def _counted(
    knowledge: Knowledge, states: dict[str, TriggerState], moments: Sequence[int], settings: Settings
) -> dict[int, Counter[str]]:
    """Moment -> kind -> messages."""
    counts: dict[int, Counter[str]] = {at_ms: Counter() for at_ms in moments}
    for customer, state in states.items():
        for expected in outlook(knowledge, customer, state, moments, settings):
            counts[expected.at_ms][expected.trigger.kind] += 1
    return counts


def _sample(service: Service) -> list[str]:
    """Customers of the model at equal distances: the same ones each time."""
    if service.recommender is None:
        return []
    customers = service.recommender.bundle.tables.customers
    step = max(len(customers) // LOOKED_AT, 1)
    names = [customers.name(row) for row in range(0, len(customers), step)][:LOOKED_AT]
    return [name for name in names if name]  # an erased one has none


def _number_of_customers(service: Service) -> int:
    return len(service.recommender.bundle.tables.customers) if service.recommender else 0


async def preview(service: Service, customer_id: str, wanted: Settings | None) -> MessagePreview:
    """Raises StoreUnavailable."""
    current = service.customer(customer_id) or customer_id
    (state,) = await read_states_of(service.batch, [current])
    knowledge, saved = await _situation(service, [state])
    settings, now_ms = wanted or saved, int(time.time() * 1000)
    return await asyncio.to_thread(_preview, service, knowledge, current, state, now_ms, settings)


def _preview(
    service: Service,
    knowledge: Knowledge,
    customer_id: str,
    state: TriggerState,
    now_ms: int,
    settings: Settings,
) -> MessagePreview:
    trial = knowledge.trials.of(customer_id, OFFERS, now_ms / 1000)
    own, customer = settings_for(trial, settings), knowledge.customer(customer_id, state, now_ms)
    due = list(knowledge.decide(customer_id, state, now_ms, settings).triggers)
    moments = daily_moments(now_ms, PREVIEW_DAYS, settings)
    expected = [
        each for each in outlook(knowledge, customer_id, state, moments, settings) if each.at_ms > now_ms
    ]
    opens_ms = budget_opens([contact.at_ms for contact in customer.contacts], own, now_ms)
    held_ms = held_until(customer, now_ms, own)
    products = {name for each in (*due, *(later.trigger for later in expected)) for name in each.products}
    return MessagePreview(
        customer_id=customer_id,
        known=knowledge.knows(customer_id) or not state.life.is_empty,
        due=due,
        waiting=[each.kind for each in state.waiting],  # type: ignore[misc]
        upcoming=[
            Upcoming(_day(at_ms), each.kind, each.reason.text, list(each.products))
            for at_ms, each in expected
        ],
        channel=channel_for(customer, "cross_sell", own),
        held_until=_time(held_ms) if held_ms else None,
        budget_opens=_time(opens_ms) if opens_ms > now_ms else None,
        held_out=trial.treated.held_out,
        cards={name: card for name in products if (card := _card(service, name))},
    )


async def _situation(service: Service, states: Sequence[TriggerState]) -> tuple[Knowledge, Settings]:
    """What is known now, and the saved settings."""
    knowledge, saved = await knowledge_of(service, states), await TRIGGER_SETTINGS.current(service.batch)
    began = int(await service.batch.call("GET", keys.triggers_began()) or time.time() * 1000)
    saved_ms = int(saved.saved_at.timestamp() * 1000) if saved.saved_at else 0
    settings = msgspec.json.decode(saved.settings, type=Settings)
    return replace(knowledge, began_ms=max(began, saved_ms)), settings


def _card(service: Service, product_id: str) -> dict[str, Any] | None:
    if service.recommender is None:
        return None
    tables = service.recommender.bundle.tables
    item = tables.products.row(product_id)
    if item < 0:
        return None
    card: dict[str, Any] = msgspec.json.decode(b"{%b}" % service.recommender.availability.card(tables, item))
    return card


def _day(at_ms: int) -> date:
    return _time(at_ms).date()


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
