"""Picks to JSON bytes: product cards are stored as JSON and only copied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from recommender.model.availability import Shown
from recommender.recommend import Pick, Recommender

encode = msgspec.json.Encoder().encode
WHOLE = 'false,"degraded_reasons":[]'
SCORES = [f"{share / 10_000:.4f}" for share in range(10_001)]  # to write one takes longer than to look it up


class JsonReply(Response):
    """Bytes that are finished: Starlette's own class works the headers out anew for each."""

    def __init__(self, body: bytes, headers: Iterable[tuple[bytes, bytes]] = (), status: int = 200) -> None:
        self.body, self.status_code, self.background = body, status, None
        length = b"%d" % len(body)
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", length), *headers]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


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
    shown: Sequence[Shown],
    degraded_reasons: Sequence[str],
    experiment: str = "null",
) -> bytes:
    """One `schemas.Answer`. shown: the picks' products; experiment: JSON of a `schemas.ExperimentAnswer`."""
    version = f'"{recommender.bundle.manifest.version}"' if recommender else "null"
    degraded = f'true,"degraded_reasons":{encode(degraded_reasons).decode()}' if degraded_reasons else WHOLE
    return (
        f'{{"recommendation_id":"{recommendation_id}","placement":"{placement}","model_version":{version},'
        f'"experiment":{experiment},"degraded":{degraded},"items":{items_json(picks, shown)}}}'
    ).encode()


def shown_products(recommender: Recommender | None, picks: Sequence[Pick]) -> list[Shown]:
    """What answers tell of the picks' products."""
    if recommender is None:
        return []
    return recommender.shelf.show(recommender.bundle.tables, [pick.item for pick in picks])


def items_json(picks: Sequence[Pick], shown: Sequence[Shown]) -> str:
    """A list of `schemas.Item`."""
    items = [
        f'{{{fields}"rank":{rank},"score":{SCORES[int(pick.score * 10_000 + 0.5)]},'
        f'"source":"{pick.source}","reason":{pick.told}}}'
        for rank, (pick, (_, fields)) in enumerate(zip(picks, shown, strict=True), 1)
    ]
    return f"[{','.join(items)}]"
