"""`/v1/picks` and `/v1/customers/{id}/picks`: products for e-mails, whatever a sending tool asks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import PicksAnswer, PicksAsk
from api.serving.picks import Line, answer_lines, line_of, read_line
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import NDJSON, documented, takes
from api.web.replies import JsonReply, LineStream

router = APIRouter(tags=["e-mail"])

CUSTOMERS_AT_ONCE = 64  # customers read in one round trip; other requests pass in between
LONGEST_LINE = 10_000  # bytes


@router.get("/v1/customers/{customer_id}/picks", **documented(PicksAnswer, query=PicksAsk))
async def picks_of_one(customer_id: str, request: Request, service: SecretService) -> Response:
    """One customer's products for a campaign. Needs a secret key."""
    fields: dict[str, Any] = {**request.query_params, "customer_id": customer_id}
    (body,) = await answer_lines(service, [line_of(fields)])
    return JsonReply(body)


@router.post(
    "/v1/picks",
    **documented(PicksAnswer, body=takes(PicksAsk, media_type=NDJSON), media_type=NDJSON),
)
async def picks_of_many(request: Request, service: SecretService) -> Response:
    """A customer a line, in and out (NDJSON), streamed: any number of them. Needs a secret key.

    What the query says (`?campaign=win_back&k=10`) holds for lines that do not say it. A line that cannot be
    read is answered like nobody's, with `error` saying why: an e-mail goes out.
    """
    usual = dict(request.query_params)
    return LineStream(_stream(service, request, usual))


async def _stream(service: Service, request: Request, usual: dict[str, Any]) -> AsyncIterator[bytes]:
    waiting: list[Line] = []
    async for raw in _lines(request):
        waiting.append(read_line(raw, usual))
        if len(waiting) == CUSTOMERS_AT_ONCE:
            yield b"\n".join([*await answer_lines(service, waiting), b""])
            waiting = []
            await asyncio.sleep(0)
    if waiting:
        yield b"\n".join([*await answer_lines(service, waiting), b""])


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """The body's lines as they come; what is longer than a question can be is cut, and so cannot be read."""
    rest = b""
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                yield line[:LONGEST_LINE]
        rest = rest[: LONGEST_LINE + 1]
    if rest.strip():
        yield rest[:LONGEST_LINE]
