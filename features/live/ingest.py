"""Events in: each one checked against repeats, streamed and made part of live state in one step."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import hiredis
import msgspec

from features.events.vocabulary import Event, number_apart
from features.live.customer_facts import packed_facts
from features.live.shopper_state import REFUSED_LOG, REVERSAL_TYPES, ShopperLog, entry_of, milliseconds
from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings
from features.time_units import DAY_S

if TYPE_CHECKING:
    import redis

INGEST_SCRIPT = Path(__file__).with_name("ingest.lua").read_text(encoding="utf-8")
INGEST_SHA = hashlib.sha1(INGEST_SCRIPT.encode(), usedforsecurity=False).hexdigest()
OF_ALL_EVENTS, OF_AN_EVENT = 11, 8  # arguments of the script
ANOTHERS = -1
CONFLICTS = {ANOTHERS: "order number of another customer", -2: "event id of another type of event"}
TOLD_BY_FILE = 2
ORDER_TYPES = frozenset({"purchase", "refund", "cancel"})
EVENTS_A_STEP = 100  # about 1.5 ms of Redis: other requests pass in between

_encode = msgspec.json.Encoder().encode
logger = logging.getLogger(__name__)


async def ingest(
    store: Connection, events: Sequence[Event], received_at: datetime, settings: StoreSettings
) -> list[bool]:
    """Take events; True for each that is new, False for a repeat. Durable when it returns.

    Raises StoreUnavailable if Redis is away or takes no writes. The same call may then be made
    again: what had been taken comes back as a repeat.
    """
    flags = await _ingested(store, events, received_at, settings)
    if all(flag >= 0 for flag in flags):
        return [flag == 1 for flag in flags]
    again = iter(await _ingested(store, _renamed(events, flags), received_at, settings))
    return [(next(again) if flag < 0 else flag) == 1 for flag in flags]


async def _ingested(
    store: Connection, events: Sequence[Event], received_at: datetime, settings: StoreSettings
) -> list[int]:
    flags: list[int] = []
    for script_keys, arguments in _steps(events, received_at, settings):
        command = (len(script_keys), *script_keys, *arguments)
        try:
            reply = await store.call("EVALSHA", INGEST_SHA, *command)
        except hiredis.ReplyError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
            reply = await store.call("EVAL", INGEST_SCRIPT, *command)
        flags += reply
    return flags


def ingest_sync(
    client: redis.Redis, events: Sequence[Event], received_at: datetime, settings: StoreSettings
) -> list[bool]:
    """As `ingest`, for offline work."""
    script = client.register_script(INGEST_SCRIPT)

    def flags_of(some: Sequence[Event]) -> list[int]:
        steps = _steps(some, received_at, settings)
        return [flag for script_keys, arguments in steps for flag in script(keys=script_keys, args=arguments)]

    flags = flags_of(events)
    again = iter(flags_of(_renamed(events, flags)))
    return [(next(again) if flag < 0 else flag) == 1 for flag in flags]


def own_number(event: Event) -> str | None:
    """The number that the event's order has if another customer's has its own; None without a customer."""
    if event.order is None or event.customer_id is None or event.type not in ORDER_TYPES:
        return None
    return number_apart(event.order.order_id, event.customer_id)


def _renamed(events: Sequence[Event], flags: Sequence[int]) -> list[Event]:
    """The events with a flag below 0, under ids that nothing else has; it is logged which."""
    return [_apart(event, flag) for event, flag in zip(events, flags, strict=True) if flag < 0]


def _apart(event: Event, flag: int) -> Event:
    logger.warning("The %s %r has the %s: it is kept apart", event.type, event.event_id, CONFLICTS[flag])
    order, number = event.order, own_number(event)
    if order is not None and number is not None and flag == ANOTHERS:
        order = msgspec.structs.replace(order, order_id=number)
    digest = sha256(f"{event.type}\0{event.customer_id}\0{event.event_id}".encode()).hexdigest()[:8]
    return msgspec.structs.replace(event, event_id=f"{event.event_id} ({digest})", order=order)


class EventAndArrival(NamedTuple):
    """received_at: when the event was taken first."""

    event: Event
    received_at: datetime


def replay_sync(
    client: redis.Redis, events: Sequence[EventAndArrival], now: datetime, settings: StoreSettings
) -> int:
    """Take events of the history again, in order of arrival, into live state alone; returns how many are new.

    What is kept lives as long as if it had been taken then.
    """
    script = client.script_load(INGEST_SCRIPT)
    with client.pipeline(transaction=False) as pipe:
        for received_at, group in groupby(events, itemgetter(1)):
            again, age_s = [event for event, _ in group], int((now - received_at).total_seconds())
            for script_keys, arguments in _steps(again, received_at, settings, age_s):
                pipe.evalsha(script, len(script_keys), *script_keys, *arguments)
        pipe.delete(keys.replayed_stream())
        replies = cast(list[list[int]], pipe.execute()[:-1])
    return sum(flag == 1 for reply in replies for flag in reply)


def remember_sync(
    client: redis.Redis, events: Sequence[Event], now: datetime, settings: StoreSettings
) -> None:
    """Recognise orders, refunds and cancellations that a file brought: told of again, they are repeats.

    They enter no shopper's log; a browser's claim of the same order leaves it.
    """
    script = client.script_load(INGEST_SCRIPT)
    of_customers = [msgspec.structs.replace(event, anonymous_id=None) for event in events]
    with client.pipeline(transaction=False) as pipe:
        for script_keys, arguments in _steps(of_customers, now, settings, age_s=0):
            for start in range(OF_ALL_EVENTS, len(arguments), OF_AN_EVENT):
                arguments[start : start + 4] = b"", b"", b"", ""  # no payload, log entry, facts or customer
                arguments[start + 4] = TOLD_BY_FILE
            pipe.evalsha(script, len(script_keys), *script_keys, *arguments)
        pipe.delete(keys.replayed_stream())
        pipe.execute()


async def read_log(store: Connection, customer_id: str | None, anonymous_id: str | None) -> ShopperLog:
    """What a shopper did lately, in one round trip; the logs of both ids are one history."""
    logs = [keys.shopper_log(customer_id, identified=True)] if customer_id else []
    logs += [keys.shopper_log(anonymous_id, identified=False)] if anonymous_id else []
    replies = [store.send("LRANGE", log, 0, -1) for log in logs]
    if len(replies) == 1:
        return ShopperLog.of(await replies[0])
    of_both = [ShopperLog.of(await reply) for reply in replies]
    if any(log.refused for log in of_both):
        return REFUSED_LOG
    both = dict.fromkeys([entry for log in of_both for entry in log.entries])
    return ShopperLog(list(both))  # a customer's browser has the same events


def order_number(event: Event) -> str | None:
    """What makes an order, refund or cancellation the same one under whichever event id.

    A refund's own number is `properties.refund_id`. Without one a refund of a part is known by its event id:
    of three pieces one may come back on Monday and one on Friday. One of all is known by its order.
    """
    if event.order is None or event.type not in {"purchase", "refund", "cancel"}:
        return None
    if event.type == "refund":
        number = (event.properties or {}).get("refund_id")
        if number:
            return str(number)
        if event.is_partial_refund:
            return event.event_id
    return event.order.order_id


def seen_keys(event: Event) -> list[str]:
    """Keys that say that this event was taken."""
    numbers = {order_number(event), _other_number(event)} - {None}
    return [keys.seen_event(event.event_id), *(keys.seen_order(event.type, str(each)) for each in numbers)]


def _other_number(event: Event) -> str | None:
    return event.order.other_number if event.order is not None and event.type == "purchase" else None


def _revision(event: Event) -> int:
    """That of a word about a whole order: a purchase, or what takes all of it back."""
    of_part = bool(event.lines) or event.refunded_sum is not None
    return 0 if event.type in REVERSAL_TYPES and of_part else event.revision


def _steps(
    events: Sequence[Event], received_at: datetime, settings: StoreSettings, age_s: int | None = None
) -> Iterator[tuple[list[str], list[str | bytes | int]]]:
    """Of each step what `_arguments` says."""
    for start in range(0, len(events), EVENTS_A_STEP):
        yield _arguments(events[start : start + EVENTS_A_STEP], received_at, settings, age_s)


def _arguments(
    events: Sequence[Event], received_at: datetime, settings: StoreSettings, age_s: int | None
) -> tuple[list[str], list[str | bytes | int]]:
    """Keys and arguments of the script, as its head describes them. age_s: of events that are replayed."""
    unused = keys.event_stream() if age_s is None else keys.replayed_stream()
    days = settings.shopper_ttl_days, settings.event_memory_days, settings.order_memory_days
    script_keys = [unused, keys.look_due()]
    arguments: list[str | bytes | int] = [
        settings.shopper_log_length,
        *(max(each * DAY_S - (age_s or 0), 1) for each in days),
        milliseconds(received_at),
        keys.SHOPPER_LOGS,
        keys.shopper_log("", identified=True),
        keys.customer_facts_prefix(),
        keys.alias(""),
        settings.shopper_log_bytes,
        keys.people(),
    ]
    for event in events:
        customer, anonymous, order = event.customer_id, event.anonymous_id, order_number(event)
        takes_back = event.order.order_id if event.order and event.type in REVERSAL_TYPES else None
        script_keys += (
            keys.seen_event(event.event_id),
            keys.seen_order(event.type, order) if order else unused,
            keys.seen_order("purchase", takes_back) if takes_back else unused,
            keys.shopper_log(customer, identified=True) if customer else unused,
            keys.shopper_log(anonymous, identified=False) if anonymous else unused,
            keys.alias(anonymous) if anonymous else unused,
            keys.seen_order("purchase", own) if (own := own_number(event)) else unused,
            keys.seen_order("purchase", other) if (other := _other_number(event)) else unused,
        )
        entry = entry_of(event, received_at) or b""
        payload = _encode(event) if age_s is None else b""
        kind = event.type if event.type in ORDER_TYPES else ""
        arguments += (payload, entry, packed_facts(event), customer or "", int(event.claimed))
        arguments += (kind, milliseconds(event.timestamp), _revision(event))
    return script_keys, arguments
