"""Picks to JSON bytes: product cards are stored as JSON and only copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from starlette.responses import Response

from recommender.recommend import Pick, Recommender

encode = msgspec.json.Encoder().encode


class JsonReply(Response):
    """Bytes that are finished: Starlette's own class works the headers out anew for each."""

    def __init__(self, body: bytes, headers: Iterable[tuple[bytes, bytes]] = (), status: int = 200) -> None:
        self.body, self.status_code, self.background = body, status, None
        length = b"%d" % len(body)
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", length), *headers]


def answer_json(
    recommendation_id: str,
    placement: str,
    recommender: Recommender | None,
    picks: Sequence[Pick],
    degraded_reasons: Sequence[str],
) -> bytes:
    """One `schemas.Answer`."""
    version = encode(recommender.bundle.manifest.version) if recommender else b"null"
    items = items_json(recommender, picks) if recommender else b"[]"
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


def items_json(recommender: Recommender, picks: Sequence[Pick]) -> bytes:
    """A list of `schemas.Item`."""
    return b"[%b]" % b",".join(_item(recommender, rank, pick) for rank, pick in enumerate(picks, 1))


def _item(recommender: Recommender, rank: int, pick: Pick) -> bytes:
    tables = recommender.bundle.tables
    card = recommender.shelf.card(tables, pick.item)
    return b'{"product_id":%b,"rank":%d,"score":%.4f,"source":"%b",%b%b"reason":%b}' % (
        encode(tables.products.name(pick.item)),
        rank,
        pick.score,
        pick.source.encode(),
        card,
        b"," if card else b"",
        encode(pick.reason),
    )
