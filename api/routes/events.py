"""`/v1/events`: what shoppers and shops tell us. An acknowledged event is durable and visible."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import Received, Rejected
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.web.access import header
from api.web.metrics import EVENTS
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.queries import decode_json, read_body
from api.web.replies import JsonReply, encode
from features.events.vocabulary import EVENT_TYPES, Event, InvalidEvent, read_event
from features.live.ingest import ingest

router = APIRouter(tags=["events"])

NOT_BROWSING = frozenset({"purchase", "refund", "cancel", "consent"})


@router.post(
    "/v1/events",
    **documented(Received, 400, 413, 503, status=202, body=takes(Event, listed=True), security=ANY_KEY),
)
async def events(request: Request) -> Response:
    """Take one event, or `{"events": [...]}`. A bad event never refuses the others; repeats count once.

    The content type is not looked at, so that `navigator.sendBeacon` works; a beacon sends its public
    key as `?key=pk_...`.
    """
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    service.access.require_checkable_keys()
    raws = _events_of(await read_body(request, service.settings.max_body_bytes))
    if len(raws) > service.settings.max_events:
        raise Problem(
            413, f"More than {service.settings.max_events:,} events in one request; send them in parts."
        )
    received_at = datetime.now(UTC)
    no_profiling = scope == "public" and header(request, b"sec-gpc") == "1"
    valid, rejected = _parse(raws, received_at, no_profiling=no_profiling)
    kept = service.erased.admitted(valid)
    taken = await ingest(service.writes, kept, received_at, service.store_settings) if kept else []
    for event, fresh in zip(kept, taken, strict=True):
        EVENTS.add(event.type, "accepted" if fresh else "duplicate")
    accepted, erased = sum(taken), len(valid) - len(kept)
    if erased:
        EVENTS.add("unknown", "erased", n=erased)
    if scope == "public":  # which must not learn who was erased
        accepted, erased = accepted + erased, 0
    return JsonReply(encode(Received(accepted, len(taken) - sum(taken), rejected, erased)), status=202)


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
        decode_json(body)  # says what is wrong
        return [body]
    return decoded if isinstance(decoded, list) else decoded.events


def _parse(
    raws: Sequence[bytes | msgspec.Raw], received_at: datetime, *, no_profiling: bool
) -> tuple[list[Event], list[Rejected]]:
    """The valid events, and why the others were rejected. no_profiling: the browser sends Sec-GPC."""
    valid, rejected = [], []
    for index, raw in enumerate(raws):
        try:
            valid.append(_allowed(read_event(raw, received_at, _fresh_id), no_profiling=no_profiling))
        except (InvalidEvent, msgspec.DecodeError, RecursionError) as error:
            rejected.append(Rejected(index, str(error)))
            EVENTS.add(_type_label(raw), "rejected")
    return valid, rejected


def _allowed(event: Event, *, no_profiling: bool) -> Event:
    if no_profiling and event.type not in NOT_BROWSING:
        raise InvalidEvent("not kept: the browser sends Sec-GPC, an objection to profiling")
    return event


def _fresh_id() -> str:
    return uuid4().hex


def _type_label(raw: bytes | msgspec.Raw) -> str:
    """The event's type if it is one of ours: metric labels come from a closed set."""
    try:
        kind = msgspec.json.decode(raw, type=_Typed).type
    except (msgspec.DecodeError, RecursionError):
        kind = None
    return kind if kind in EVENT_TYPES else "unknown"
