"""`/mp/collect`: Google's Measurement Protocol, for servers that send events to GA4 already."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from api.schemas.segment import Measurement, SegmentAnswer
from api.serving.receive_foreign import CallReceipt, receive_foreign
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.queries import decode_json, read_packed_body
from api.web.replies import JsonReply, encode
from features.connections.foreign_items import ForeignEvent
from features.connections.ga4 import from_measurement

router = APIRouter(tags=["events"])


@router.post(
    "/mp/collect",
    **documented(SegmentAnswer, 400, 413, body=takes(Measurement), security=ANY_KEY),
)
async def measurement_protocol(request: Request) -> Response:
    """Take events as servers send them to Google Analytics 4.

    `api_secret` of the address is one of our keys, secret or public; `measurement_id` is not looked at.
    Unlike Google, the answer says what became of each event.
    """
    receipt = await _receive(request)
    return JsonReply(encode(SegmentAnswer(not receipt.rejected, receipt.statuses, receipt.rejected)))


async def _receive(request: Request) -> CallReceipt:
    service: Service = request.app.state.service
    key = request.query_params.get("api_secret")
    scope = service.access.scope_of(request, key)
    service.access.require_checkable_keys()
    body = await read_packed_body(request, service.settings.max_body_bytes)
    service.access.charge_events(request, scope, len(body), key)
    sent = decode_json(body)
    events = sent.get("events") if isinstance(sent, dict) else None
    if not isinstance(events, list):
        raise Problem(400, "The body must be a JSON object with a list of `events`.")
    if len(events) > (most := service.settings.max_events):
        raise Problem(413, f"More than {most:,} events in one request; send them in parts.")

    def translate(event: Any) -> Iterator[ForeignEvent]:
        yield from from_measurement(sent, event)

    return await receive_foreign(service, events, translate, scope, datetime.now(UTC), source="ga4")
