"""The paths of Segment's and RudderStack's clients, which send here by host and key alone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from api.schemas.segment import SegmentAnswer, SegmentCall
from api.serving.receive_foreign import receive_foreign
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.web.access import header
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.queries import decode_json, read_packed_body
from api.web.replies import JsonReply, encode
from features.connections.foreign_events import translated
from features.connections.foreign_items import ForeignEvent
from features.connections.segment import CALLS, by_our_clock
from features.events.vocabulary import InvalidEvent

router = APIRouter(tags=["events"])

THIS_MACHINE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")
NO_ADDRESS = "Set PERENNIAL_PUBLIC_URL to where pages reach this service, like https://recs.shop.example."
PATHS = {"track": "t", "identify": "i", "page": "p", "screen": "s", "group": "g", "alias": "a", "batch": "b"}
"""Segment's paths, and the short form that its browser client uses."""


async def segment_call(request: Request) -> Response:
    """Take calls of Segment's spec, as its clients send them.

    The key is the user's name of basic authorization, or `writeKey` in the body. Times are corrected by the
    sender's clock (`sentAt`), but for those of `import`. A bad call never refuses the others.
    """
    service: Service = request.app.state.service
    body = await read_packed_body(request, service.settings.max_body_bytes)
    sent = decode_json(body)
    if not isinstance(sent, dict):
        raise Problem(400, "The body must be a JSON object: one call, or `batch` with a list of them.")
    key = sent.get("writeKey") if isinstance(sent.get("writeKey"), str) else None
    scope = service.access.scope_of(request, key)
    service.access.require_checkable_keys()
    service.access.charge_events(request, scope, len(body), key)
    name = request.url.path.rpartition("/")[2]
    calls = _calls(sent, name, service.settings.max_events)
    received_at = datetime.now(UTC)

    def translate(call: Any) -> Iterator[ForeignEvent]:
        if not isinstance(call, dict) or call.get("type") not in CALLS:
            raise InvalidEvent(f"`type` must be one of {', '.join(sorted(CALLS))}")
        if name != "import":
            call = by_our_clock(call, call.get("sentAt") or sent.get("sentAt"), received_at)
        yield from translated(call)

    receipt = await receive_foreign(service, calls, translate, scope, received_at, source="segment")
    return JsonReply(encode(SegmentAnswer(not receipt.rejected, receipt.statuses, receipt.rejected)))


def _calls(sent: dict[str, Any], name: str, most: int) -> list[Any]:
    """The calls of a body: those of `batch`, or the one that the path names. Raises Problem 400, 413."""
    long_name = next((each for each, short in PATHS.items() if name == short), name)
    if long_name not in ("batch", "import"):
        return [sent | {"type": long_name}]
    calls = sent.get("batch")
    if not isinstance(calls, list):
        raise Problem(400, "`batch` must be a list of calls.")
    if len(calls) > most:
        raise Problem(413, f"More than {most:,} calls in one request; send them in parts.")
    shared = sent.get("context")
    if not isinstance(shared, dict):
        return calls
    return [{"context": shared} | each if isinstance(each, dict) else each for each in calls]


for _name in (*PATHS, "import"):
    router.post(
        f"/v1/{_name}",
        name=f"segment_{_name}",
        **documented(SegmentAnswer, 400, 413, body=takes(SegmentCall), security=ANY_KEY),
    )(segment_call)
for _short in PATHS.values():
    router.post(f"/v1/{_short}", include_in_schema=False)(segment_call)


@router.get("/v1/projects/{write_key}/settings", include_in_schema=False)
async def browser_settings(write_key: str, request: Request) -> Response:
    """What Segment's browser client asks its CDN for: to send everything here.

    By the address that the service was told of, never by a name that the request claims. Raises Problem 404.
    """
    service: Service = request.app.state.service
    protocol, _, host = service.settings.public_url.partition("://")
    if not host:
        protocol, host = "http", header(request, b"host")
        if not THIS_MACHINE.fullmatch(host):
            raise Problem(404, NO_ADDRESS)
    sender = {"apiKey": write_key, "apiHost": f"{host}/v1", "protocol": protocol}
    return JsonReply(encode({"integrations": {"Segment.io": sender}, "plan": {}, "edgeFunction": {}}))
