"""`/v1/picks` and `/v1/customers/{id}/picks`: products for e-mails, whatever a sending tool asks."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import PicksAnswer, PicksAsk
from api.serving.picks import Line, answer_pages, line_of, read_line
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import NDJSON, documented, takes
from api.web.replies import JsonReply, LineStream

router = APIRouter(tags=["e-mail"])

CUSTOMERS_AT_ONCE = 64  # customers read in one round trip; other requests pass in between
LONGEST_LINE = 10_000  # bytes


@router.get("/v1/picks", include_in_schema=False)
@router.get("/v1/customers/{customer_id:any}/picks", **documented(PicksAnswer, query=PicksAsk))
async def picks_of_one(request: Request, service: SecretService, customer_id: str = "") -> Response:
    """One customer's products for a campaign. Needs a secret key. Also at `/v1/picks?customer_id=`."""
    fields: dict[str, Any] = {**request.query_params, "customer_id": customer_id}
    [[body]] = [page async for page in answer_pages(service, iter([[line_of(fields)]]))]
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
    async for raw in _lines(request):
        async for answers in answer_pages(service, _pages(raw, usual)):
            yield b"\n".join([*answers, b""])
            await asyncio.sleep(0)


def _pages(raw: Sequence[bytes], usual: Mapping[str, Any]) -> Iterator[list[Line]]:
    lines = (read_line(line[:LONGEST_LINE], usual) for line in raw if line.strip())
    while page := list(islice(lines, CUSTOMERS_AT_ONCE)):
        yield page


async def _lines(request: Request) -> AsyncIterator[list[bytes]]:
    """The body's lines, as many as have come; one longer than a question can be is cut, and so unreadable."""
    rest = b""
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n")
        yield whole
        rest = rest[: LONGEST_LINE + 1]
    yield [rest]
