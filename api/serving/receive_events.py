"""Events of any route, from JSON to durable: each is checked on its own, and each has its status."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from api.schemas.recommendations import Received, Rejected
from api.serving.event_rights import permitted
from api.serving.owners import without_contacts
from api.serving.service import Service
from api.serving.take_events import Outcome, take_events
from api.web.metrics import EVENT_COUNTS
from api.web.problems import Problem
from features.events.bounds import MAX_EVENT_BYTES
from features.events.vocabulary import EVENT_TYPES, Event, InvalidEvent, read_event
from features.live.set_aside import Doubtful, set_aside
from features.merchant.api_keys import Scope
from features.store.connection import StoreUnavailable

NOT_BROWSING = frozenset({"purchase", "refund", "cancel", "consent"})
SET_ASIDE = "set aside for a person to decide"
Status = Outcome | Literal["rejected"]


class Receipt(NamedTuple):
    """What became of events: statuses, one an event in their order; the answer of `/v1/events` about them."""

    statuses: list[Status]
    answer: Received


async def receive_events(
    service: Service,
    raws: Sequence[bytes | msgspec.Raw],
    scope: Scope,
    received_at: datetime,
    *,
    no_profiling: bool = False,
) -> Receipt:
    """Check events, each as JSON, and keep the good ones, durable when it returns.

    no_profiling: the browser objects to profiling, so what tells of browsing is rejected. Raises Problem 503
    with the events' ids where the store is away: sent again, each counts once.
    """
    checked = _check_all(
        raws,
        received_at,
        service.store_settings.largest_order,
        lambda event: permitted(_allowed(event, no_profiling=no_profiling), scope, service.access),
    )
    try:
        if doubtful := [each for each in checked.doubtful if service.erased.admits(each.event)]:
            await set_aside(service.writes, without_contacts(service, doubtful), received_at)
        taken = await take_events(service, checked.valid, scope, received_at)
    except StoreUnavailable as error:
        raise _unsure(checked.event_ids) from error
    notes = [Rejected(checked.event_ids.index(event_id), note) for event_id, note in taken.notes.items()]
    statuses = _statuses(checked.rejected, taken.outcomes, scope)
    n_of = {status: statuses.count(status) for status in ("accepted", "duplicate", "erased")}
    answer = Received(
        n_of["accepted"], n_of["duplicate"], checked.rejected, n_of["erased"], checked.warnings + notes
    )
    return Receipt(statuses, answer)


def _statuses(rejected: Sequence[Rejected], outcomes: Sequence[Outcome], scope: Scope) -> list[Status]:
    """One an event; a public key must not learn who was erased."""
    places, left = {each.index for each in rejected}, iter(outcomes)
    statuses: list[Status] = [
        "rejected" if index in places else next(left) for index in range(len(rejected) + len(outcomes))
    ]
    if scope == "public":
        return ["accepted" if status == "erased" else status for status in statuses]
    return statuses


def _unsure(event_ids: list[str | None]) -> Problem:
    detail = (
        "The store did not answer in time. The events may have been kept: send them again, each with its id "
        "of `event_ids`, and they count once."
    )
    return Problem(503, detail, headers={"Retry-After": "1"}, more={"event_ids": event_ids})


class _Typed(msgspec.Struct):
    type: Any = None


class _Checked(NamedTuple):
    """Events that are taken, why the others are not, and those of them that a person must decide about.

    event_ids: of all that were sent, as they were sent or made here; None of one that has no such id.
    warnings: ids that name nobody.
    """

    valid: list[Event]
    rejected: list[Rejected]
    doubtful: list[Doubtful]
    event_ids: list[str | None]
    warnings: list[Rejected]


def _check_all(
    raws: Sequence[bytes | msgspec.Raw],
    received_at: datetime,
    largest_order: float,
    check: Callable[[Event], Event],
) -> _Checked:
    """The events that pass the check and are worth no more than the largest order, and the others."""
    checked = _Checked([], [], [], [None] * len(raws), [])
    for index, raw in enumerate(raws):
        try:
            sent = _read(raw, received_at)
            event = check(sent)
        except (InvalidEvent, msgspec.DecodeError, RecursionError) as error:
            checked.rejected.append(Rejected(index, str(error)))
            EVENT_COUNTS.add(_type_label(raw), "rejected")
            continue
        checked.event_ids[index] = sent.event_id
        if sent.nobody:
            event = replace(event, nobody=())
            checked.warnings.append(Rejected(index, _about_nobody(sent)))
            EVENT_COUNTS.add(event.type, "nobody")
        if event.worth <= largest_order:
            checked.valid.append(event)
            continue
        reason = f"{SET_ASIDE}: worth {event.worth:.6g}, more than {largest_order:.6g}"
        checked.doubtful.append(Doubtful(event, reason))
        checked.rejected.append(Rejected(index, reason))
        EVENT_COUNTS.add(event.type, "set_aside")
    return checked


def _about_nobody(event: Event) -> str:
    """What is said of ids that were left out."""
    left = event.customer_id or event.anonymous_id or event.session_id
    rest = "" if left else ", and nobody is left whose event it is"
    return f"{', '.join(event.nobody)} names nobody and was left out{rest}: send no id where there is none"


def _read(raw: bytes | msgspec.Raw, received_at: datetime) -> Event:
    if len(memoryview(raw)) > MAX_EVENT_BYTES:
        raise InvalidEvent(f"longer than {MAX_EVENT_BYTES:,} bytes")
    return read_event(raw, received_at, _fresh_id)


def _allowed(event: Event, *, no_profiling: bool) -> Event:
    """The event. no_profiling: the browser sends Sec-GPC. Raises InvalidEvent."""
    if no_profiling and event.type not in NOT_BROWSING:
        raise InvalidEvent("not kept: the browser sends Sec-GPC, an objection to profiling")
    return event


def _fresh_id() -> str:
    return uuid4().hex


def _type_label(raw: bytes | msgspec.Raw) -> str:
    """The event's type if it is one of ours: metric labels come from a closed set."""
    try:
        kind = msgspec.json.decode(raw, type=_Typed).type
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        kind = None
    return kind if kind in EVENT_TYPES else "unknown"
