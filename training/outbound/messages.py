"""Due triggers as letters to a service: each looked at again, as when it is read over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from features.catalogue.price_and_stock_news import read_news
from features.live.shopper_state import milliseconds
from features.outgoing.trigger_queue import note_contacts_sync, read_page_sync, read_states
from features.time_units import DAY_MS
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.messages.back_in_stock_and_price_drop import interests
from recommender.lifecycle.vocabulary.occasion import TRANSACTIONAL, Trigger
from recommender.lifecycle.vocabulary.settings import Settings
from training.outbound.fields import cards_of
from training.outbound.state import Letter, SentState

if TYPE_CHECKING:
    import redis

PAGE = 500
CANCELLED, CANCELLATION_KEPT_MS = "cancelled", 3 * DAY_MS


class MessageBody(msgspec.Struct, frozen=True):
    """A letter's content. data: what the service is told."""

    kind: str
    at: datetime
    data: dict[str, Any]


class _Line(msgspec.Struct, frozen=True):
    """What lines of triggers and of cancellations have in common."""

    id: str
    customer_id: str
    kind: str = ""
    cancelled: bool = False


def cursor_at(now_ms: int) -> str:
    """Where to begin: with what is handed out from now on."""
    return f"{now_ms}-0"


def collect(
    client: redis.Redis,
    knowledge: Knowledge,
    settings: Settings,
    state: SentState,
    now_ms: int,
    *,
    is_dry: bool = False,
) -> int:
    """Turn what was handed out since the last time into letters; returns how many.

    is_dry: nothing counts as a contact.
    """
    cursor, found = state.noted("cursor") or cursor_at(now_ms), 0
    while True:
        page = read_page_sync(client, cursor, now_ms, PAGE)
        lines = [(line, msgspec.json.decode(line, type=_Line)) for _, line in page.triggers]
        off = [each for _, each in lines if each.cancelled]
        due = [msgspec.json.decode(line, type=Trigger) for line, each in lines if not each.cancelled]
        still = list(_still_due(client, knowledge, settings, due, now_ms))
        if not is_dry:
            counted = [(each.customer_id, each.id) for each in still if each.kind not in TRANSACTIONAL]
            note_contacts_sync(client, counted, now_ms)
        letters = [*map(_letter, still, (_data(each, knowledge) for each in still))]
        letters += [_cancellation(each, now_ms) for each in off if not state.withdraw(each.id)]
        cursor = page.last or cursor
        state.post(letters, cursor, now_ms)
        found += len(letters)
        if not page.last:
            return found


def _still_due(
    client: redis.Redis, knowledge: Knowledge, settings: Settings, due: Sequence[Trigger], now_ms: int
) -> Iterator[Trigger]:
    customers = list(dict.fromkeys(each.customer_id for each in due))
    states = dict(zip(customers, read_states(client, customers), strict=True))
    wanted = chain.from_iterable(interests(each.life) for each in states.values())
    knowledge = replace(knowledge, news=read_news(client, wanted))
    for trigger in due:
        now = knowledge.still_due(trigger, states[trigger.customer_id], now_ms, settings)
        if now is not None:
            yield now


def _data(trigger: Trigger, knowledge: Knowledge) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(trigger)
    del told["keys"]
    return {**told, "products": cards_of(knowledge, trigger.products)}


def _letter(trigger: Trigger, data: dict[str, Any]) -> Letter:
    body = MessageBody(trigger.kind, trigger.due_at, data)
    return Letter(
        trigger.id, trigger.customer_id, msgspec.json.encode(body), milliseconds(trigger.expires_at)
    )


def _cancellation(line: _Line, now_ms: int) -> Letter:
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    data = {"trigger": line.id, "kind": line.kind, "customer_id": line.customer_id, "cancelled": True}
    body = msgspec.json.encode(MessageBody(CANCELLED, at, data))
    return Letter(f"{line.id}:{CANCELLED}", line.customer_id, body, now_ms + CANCELLATION_KEPT_MS)
