"""Picks to JSON bytes: product cards are stored as JSON and only copied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from recommender.recommend import Pick, Recommender

encode = msgspec.json.Encoder().encode


class JsonReply(Response):
    """Bytes that are finished: Starlette's own class works the headers out anew for each."""

    def __init__(self, body: bytes, headers: Iterable[tuple[bytes, bytes]] = (), status: int = 200) -> None:
        self.body, self.status_code, self.background = body, status, None
        length = b"%d" % len(body)
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", length), *headers]


class LineStream(Response):
    """NDJSON while the request is still coming in: Starlette's own streaming listens to it for a hang-up, and
    so would take lines away from the route that reads them."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.chunks, self.status_code, self.background = chunks, 200, None
        self.raw_headers = [(b"content-type", b"application/x-ndjson")]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def answer_json(
    recommendation_id: str,
    placement: str,
    recommender: Recommender | None,
    picks: Sequence[Pick],
    product_ids: Sequence[str],
    degraded_reasons: Sequence[str],
) -> bytes:
    """One `schemas.Answer`. product_ids: of the picks."""
    version = encode(recommender.bundle.manifest.version) if recommender else b"null"
    items = items_json(recommender, picks, product_ids) if recommender else b"[]"
    return (
        b'{"recommendation_id":"%b","placement":"%b","model_version":%b,"experiment":null,'
        b'"degraded":%b,"degraded_reasons":%b,"items":%b}'
    ) % (
        recommendation_id.encode(),
        placement.encode(),
        version,
        b"true" if degraded_reasons else b"false",
        encode(degraded_reasons),
        items,
    )


def product_ids_of(recommender: Recommender | None, picks: Sequence[Pick]) -> list[str]:
    """The shop's ids of what is shown."""
    return [recommender.bundle.tables.products.name(pick.item) for pick in picks] if recommender else []


def items_json(recommender: Recommender, picks: Sequence[Pick], product_ids: Sequence[str]) -> bytes:
    """A list of `schemas.Item`."""
    tables, shelf = recommender.bundle.tables, recommender.shelf
    return b"[%b]" % b",".join(
        [
            _item(rank, pick, product_id, shelf.card(tables, pick.item))
            for rank, (pick, product_id) in enumerate(zip(picks, product_ids, strict=True), 1)
        ]
    )


def _item(rank: int, pick: Pick, product_id: str, card: bytes) -> bytes:
    return b'{"product_id":%b,"rank":%d,"score":%.4f,"source":"%b",%b%b"reason":%b}' % (
        encode(product_id),
        rank,
        pick.score,
        pick.source.encode(),
        card,
        b"," if card else b"",
        encode(pick.reason),
    )
