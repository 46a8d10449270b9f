"""The service's own HTTP interface, asked from within the same process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.types import ASGIApp, Message

from api.web.access import Caller

Body = bytes | AsyncIterator[bytes] | None


class Refused(Exception):
    """An answer that is not 2xx. problem: its members, as `api.web.problems` writes them."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", "")))
        self.status, self.problem = status, problem


class Reply(msgspec.Struct, frozen=True):
    """An answer: its status, and its body as it came."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON, a list where it has a line for each; None if it is empty."""
        lines = self.body.splitlines() if b"\n" in self.body.strip() else [self.body] if self.body else []
        parsed = [msgspec.json.decode(line) for line in lines]
        return parsed if len(parsed) > 1 else parsed[0] if parsed else None


async def ask(
    app: ASGIApp,
    caller: Caller,
    method: str,
    path: str,
    query: Mapping[str, Any],
    body: Body = None,
) -> Reply:
    """Ask `app` as `caller`. path: not quoted. Raises Refused."""
    headers = [(b"host", b"localhost")]
    if isinstance(body, bytes):
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    given = {name: value for name, value in query.items() if value is not None}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": "",
        "query_string": urlencode(given, doseq=True).encode(),
        "headers": headers,
        "client": None,
        "server": None,
        "state": {},
        Caller.IN_SCOPE: caller,
    }
    status, parts = 500, []
    requests = _messages(body)

    async def receive() -> Message:
        return await anext(requests)

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return _checked(Reply(status, b"".join(parts)))


async def _messages(body: Body) -> AsyncIterator[Message]:
    """The body; nobody hangs up behind it, so that an answer that is streamed comes whole."""
    if not (body is None or isinstance(body, bytes)):
        async for chunk in body:
            yield {"type": "http.request", "body": chunk, "more_body": True}
        body = b""
    yield {"type": "http.request", "body": body or b"", "more_body": False}
    await asyncio.Event().wait()


def _checked(reply: Reply) -> Reply:
    """Raises Refused."""
    if reply.status < 400:
        return reply
    try:
        problem = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        problem = {}
    raise Refused(reply.status, problem if isinstance(problem, dict) else {})
