"""`/v1/events`: what shoppers and shops tell us. An acknowledged event is durable and visible."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import Received, SentEvents, UnsureAnswer
from api.serving.receive_events import receive_events
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.web.access import header
from api.web.openapi import PROBLEM, documented, replies, takes
from api.web.problems import Problem
from api.web.queries import decode_json, read_packed_body
from api.web.replies import JsonReply, encode
from features.connections.cloud_events import STRUCTURED, of_binary, of_structured

router = APIRouter(tags=["events"])

HALF_CHARACTER = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""An escape of one half of a pair of UTF-16, which no JSON may hold and scripts send that cut texts."""


@router.post(
    "/v1/events",
    **documented(
        Received,
        400,
        413,
        status=202,
        body=takes(SentEvents),
        security=ANY_KEY,
        others={
            503: replies(UnsureAnswer, "Not now, or not for sure; send it again with `event_ids`.", PROBLEM)
        },
    ),
)
async def events(request: Request) -> Response:
    """Take `{"events": [...]}`, or one event by itself. A bad one refuses no others; repeats count once.

    CloudEvents are taken in each of their forms. Of any other event the content type is not looked at, so
    that `navigator.sendBeacon` works; a beacon sends its public key as `?key=pk_...`. After a 503 with
    `event_ids`, or no answer at all, send the same again with the same `event_id`s.
    """
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    service.access.require_checkable_keys()
    body = await read_packed_body(request, service.settings.max_body_bytes)
    service.access.charge_events(request, scope, len(body))
    raws = _cloud_events(request, body) or _events_of(body)
    if len(raws) > service.settings.max_events:
        raise Problem(
            413, f"More than {service.settings.max_events:,} events in one request; send them in parts."
        )
    received_at = datetime.now(UTC)
    no_profiling = scope == "public" and header(request, b"sec-gpc") == "1"
    receipt = await receive_events(service, raws, scope, received_at, no_profiling=no_profiling)
    return JsonReply(encode(receipt.answer), status=202)


def _cloud_events(request: Request, body: bytes) -> list[bytes]:
    """Ours for CloudEvents; none where the request holds no such."""
    if header(request, b"content-type").lower().startswith(STRUCTURED):
        ours = of_structured(decode_json(body))
    elif header(request, b"ce-specversion"):
        ours = of_binary(request.headers, decode_json(body))
    else:
        return []
    return [encode(each) for each in ours]


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
