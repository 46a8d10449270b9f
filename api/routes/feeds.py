"""`/v1/feeds/{feed}`: files that ad platforms and mailing tools fetch by their address."""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from api.serving.feeds import FEEDS, feed_pages, lacks_addresses
from api.serving.service import Service
from api.web.access import header
from api.web.encodings import takes_gzip
from api.web.problems import Problem
from features.connections.arrivals import note, passed
from features.connections.audience_file import Platform, Stage, audience_path, read_audience
from features.connections.feed_tokens import SERVICE, opens
from features.connections.settings_file import DamagedConnections
from features.store.connection import StoreUnavailable
from features.time_units import DAY_S
from recommender.context.request import Request as Seen

router = APIRouter(include_in_schema=False)
AUDIENCE, CSV = "retargeting.csv", "text/csv; charset=utf-8"
NOT_WRITTEN = "The worker writes it within an hour after `perennial connect feeds`."
NO_ADDRESSES = "The catalogue's links do not say which shop: set PERENNIAL_SHOP_URL=https://shop.example."
NOTHING_MORE: Mapping[str, str] = {}
NOT_YET = {"Retry-After": "60"}


@router.get("/v1/feeds/retargeting.csv")
@router.head("/v1/feeds/retargeting.csv")
async def retargeting(
    request: Request,
    token: Annotated[str, Query()] = "",
    stage: Annotated[Stage | None, Query()] = None,
    platform: Annotated[Platform, Query(alias="for")] = "meta",
) -> Response:
    """Customers who agreed to advertising, hashed, of one stage or all, as the worker wrote them last."""
    service: Service = request.app.state.service
    _check_access(service, request, AUDIENCE, token)
    path = audience_path(service.home)
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise Problem(503, NOT_WRITTEN, headers={"Retry-After": "600"}) from error
    age_s = max(int(time.time() - status.st_mtime), 0)
    state = f"{status.st_mtime_ns} {status.st_ino} {stage} {platform}"
    pages = read_audience(path, stage, platform)
    return await _answer(service, request, AUDIENCE, state, pages, {"X-Feed-Age": str(age_s)})


@router.get("/v1/feeds/{feed}")
@router.head("/v1/feeds/{feed}")
async def feed(
    feed: str,
    request: Request,
    token: Annotated[str, Query()] = "",
    language: Annotated[str, Query(max_length=35)] = "",
    country: Annotated[str, Query(max_length=60)] = "",
    currency: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """The catalogue as it is now, for whoever has the feed's own token or a secret key: with the titles of a
    language and the prices of a country or currency, where it has them.

    Not part of the documented interface: its shape is the service's that fetches it (docs/connect/feeds.md).
    """
    service: Service = request.app.state.service
    _check_access(service, request, feed, token)
    if feed not in FEEDS:
        raise Problem(404, f"There is no feed {feed[:50]}; there are {', '.join(FEEDS)}.")
    if service.recommender is None:
        raise Problem(503, "No model is trained yet: `perennial train`.", headers=NOT_YET)
    if lacks_addresses(service.recommender, service.settings):
        raise Problem(503, NO_ADDRESSES, headers=NOT_YET)
    today = int(time.time()) // DAY_S
    seen_by = Seen("trending", 0, country=country, language=language, currency=currency)
    recommender = service.recommender.for_market_of(seen_by)
    model = f"{service.recommender.bundle.manifest.version} {service.revision} {today}"
    state = f"{feed} {model} {language} {country} {currency}"
    pages = feed_pages(recommender, service.settings, feed, today)
    return await _answer(service, request, feed, state, pages)


async def _answer(
    service: Service,
    request: Request,
    feed: str,
    state: str,
    pages: Iterable[bytes],
    more: Mapping[str, str] = NOTHING_MORE,
) -> Response:
    """The file, a page at a time; 304 where the caller has that of this state."""
    headers = {
        "ETag": f'W/"{blake2b(state.encode(), digest_size=12).hexdigest()}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        **more,
    }
    known = header(request, b"if-none-match")
    if headers["ETag"].removeprefix("W/") in known or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    await _note(service, feed)
    media_type = FEEDS.get(feed, CSV)
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    if takes_gzip(header(request, b"accept-encoding")):
        pages, headers["Content-Encoding"] = _packed(pages), "gzip"
    return StreamingResponse(_in_turns(pages), headers=headers, media_type=media_type)


def _check_access(service: Service, request: Request, feed: str, token: str) -> None:
    """Raises Problem 401, 403 or 503."""
    if not token:
        service.access.require_secret(request)
        return
    try:
        is_open = opens(service.home, token, feed)
    except (OSError, DamagedConnections) as error:
        raise Problem(503, "connections.json cannot be read.", headers=NOT_YET) from error
    if not is_open:
        raise Problem(401, "This token opens no feed of this name: `perennial connect feeds` shows all.")


async def _in_turns(pages: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Page by page, so that answers pass in between; before the first all products are labelled: a thread's
    work, 0.3 s for a million."""
    rest = iter(pages)
    page = await asyncio.to_thread(next, rest, None)
    while page is not None:
        yield page
        await asyncio.sleep(0)
        page = next(rest, None)


def _packed(pages: Iterable[bytes]) -> Iterable[bytes]:
    gzip = zlib.compressobj(level=3, wbits=zlib.MAX_WBITS | 16)
    for page in pages:
        if packed := gzip.compress(page):
            yield packed
    yield gzip.flush()


async def _note(service: Service, feed: str) -> None:
    """A note that is lost costs nothing."""
    try:
        await note(service.writes, passed(SERVICE, feed, datetime.now(UTC)))
    except StoreUnavailable:
        return
