"""`/v1/events`: what shoppers and shops tell us. An acknowledged event is durable and visible."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec.structs import replace

from api.schemas.recommendations import Received, Rejected, UnsureAnswer
from api.serving.event_rights import permitted
from api.serving.owners import without_contacts
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.serving.take_events import take_events
from api.web.access import header
from api.web.metrics import EVENT_COUNTS
from api.web.openapi import PROBLEM, documented, replies, takes
from api.web.problems import Problem
from api.web.queries import decode_json, read_body
from api.web.replies import JsonReply, encode
from features.events.bounds import MAX_EVENT_BYTES
from features.events.vocabulary import EVENT_TYPES, Event, InvalidEvent, read_event
from features.live.set_aside import Doubtful, set_aside
from features.store.connection import StoreUnavailable

router = APIRouter(tags=["events"])

HALF_CHARACTER = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""An escape of one half of a pair of UTF-16, which no JSON may hold and scripts send that cut texts."""
NOT_BROWSING = frozenset({"purchase", "refund", "cancel", "consent"})


@router.post(
    "/v1/events",
    **documented(
        Received,
        400,
        413,
        status=202,
        body=takes(Event, listed=True),
        security=ANY_KEY,
        others={
            503: replies(UnsureAnswer, "Not now, or not for sure; send it again with `event_ids`.", PROBLEM)
        },
    ),
)
async def events(request: Request) -> Response:
    """Take one event, or `{"events": [...]}`. A bad event never refuses the others; repeats count once.

    The content type is not looked at, so that `navigator.sendBeacon` works; a beacon sends its public
    key as `?key=pk_...`. After a 503 with `event_ids`, or no answer at all, send the same again with the same
    `event_id`s.
    """
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    service.access.require_checkable_keys()
    body = await read_body(request, service.settings.max_body_bytes)
    service.access.charge_events(request, scope, len(body))
    raws = _events_of(body)
    if len(raws) > service.settings.max_events:
        raise Problem(
            413, f"More than {service.settings.max_events:,} events in one request; send them in parts."
        )
    received_at = datetime.now(UTC)
    no_profiling = scope == "public" and header(request, b"sec-gpc") == "1"
    valid, rejected, doubtful, event_ids, warnings = _parse(
        raws,
        received_at,
        service.store_settings.largest_order,
        lambda event: permitted(_allowed(event, no_profiling=no_profiling), scope, service.access),
    )
    try:
        if doubtful := [each for each in doubtful if service.erased.admits(each.event)]:
            await set_aside(service.writes, without_contacts(service, doubtful), received_at)
        accepted, duplicates, erased, notes = await take_events(service, valid, scope, received_at)
    except StoreUnavailable as error:
        raise _unsure(event_ids) from error
    if scope == "public":  # which must not learn who was erased
        accepted, erased = accepted + erased, 0
    warnings += [Rejected(event_ids.index(event_id), note) for event_id, note in notes.items()]
    return JsonReply(encode(Received(accepted, duplicates, rejected, erased, warnings)), status=202)


def _unsure(event_ids: list[str | None]) -> Problem:
    detail = (
        "The store did not answer in time. The events may have been kept: send them again, each with its id "
        "of `event_ids`, and they count once."
    )
    return Problem(503, detail, headers={"Retry-After": "1"}, more={"event_ids": event_ids})


class _Typed(msgspec.Struct):
    type: Any = None


class _Many(msgspec.Struct):
    events: list[msgspec.Raw]


_decode_many = msgspec.json.Decoder(_Many | list[msgspec.Raw]).decode


def _events_of(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    """The JSON of each event, of one, a list, or `{"events": [...]}`."""
    try:
        decoded = _decode_many(body)
    except (msgspec.ValidationError, UnicodeDecodeError):
        return [body]
    except (msgspec.DecodeError, RecursionError):
        whole = HALF_CHARACTER.sub(rb"\\ufffd", body)
        if whole != body:
            return _events_of(whole)
        decode_json(body)  # says what is wrong
        return [body]
    return decoded if isinstance(decoded, list) else decoded.events


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


def _parse(
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
        reason = f"set aside for a person to decide: worth {event.worth:.6g}, more than {largest_order:.6g}"
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
