"""JSON and lines of JSON, written without working anything out anew."""

from collections.abc import AsyncIterator, Iterable

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

encode = msgspec.json.Encoder().encode


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
