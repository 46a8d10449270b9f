"""HTTP for the routes that are asked thousands of times a second, where uvicorn's costs more than the answer.

uvicorn makes an object, an event and a timer for each request, parses headers that a client repeats, and
searches each header of an answer twice. Here a request that has come whole is answered in one write, by the
same application. Everything else is left to uvicorn: other routes, and whatever is unusual.
"""

import asyncio
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from fastapi import Response
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Message, Scope
from uvicorn import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.server import ServerState

from api.web.fast_routes import ShortcutFastAPI
from api.web.refusals import STALE

if TYPE_CHECKING:
    from api.process.connection import Connection

REQUEST_LINE = re.compile(rb"(GET|POST) (/[a-z0-9/_-]+)(?:\?([^\x00-\x20#\x7f-\xff]*))? HTTP/1\.1\r\n")
LONGEST_HEADERS, HEADERS_CACHED = 4_096, 1_000  # bytes; kept in memory, at most so many times
UNUSUAL = {b"expect", b"upgrade", b"transfer-encoding"}
FORWARDED = {b"x-forwarded-for", b"x-forwarded-proto"}


class Ends(NamedTuple):
    """Host and port of a connection's ends; None of a socket that is a file."""

    clients: tuple[str, int] | None
    ours: tuple[str, int] | None

    @classmethod
    def of(cls, transport: asyncio.BaseTransport) -> "Ends":
        return cls(*[_address(transport.get_extra_info(name)) for name in ("peername", "sockname")])


class Headers(NamedTuple):
    """Of a request. length: of the body, as announced; is_forwarded: a proxy says for whom it asks."""

    lines: list[tuple[bytes, bytes]]
    length: int
    is_forwarded: bool


class ShortWay:
    """Answers one application's short routes. state: of uvicorn's server, which waits for our tasks, too,
    before it ends; stale_s: what waited for longer is refused."""

    def __init__(self, app: ShortcutFastAPI, config: Config, state: ServerState, stale_s: float) -> None:
        self._app, self._state, self._stale_s = app, state, stale_s
        self._routes = {(method.encode(), path.encode()): (method, path) for method, path in app.short_routes}
        self._read_forwarded: Any = ProxyHeadersMiddleware(_nothing, config.forwarded_allow_ips or "")

    def takes(self, data: bytes, head: int, connection: "Connection") -> bool:
        """Whether the request is answered here; False: it is uvicorn's. data: all of it, as it came; head:
        length of its head."""
        line = REQUEST_LINE.match(data)
        route = self._routes.get((line[1], line[2])) if line else None
        if line is None or route is None or head - line.end() > LONGEST_HEADERS:
            return False
        headers = headers_of(data[line.end() : head])
        if headers is None or headers.length != len(data) - head:
            return False
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": connection.ends.ours,
            "client": connection.ends.clients,
            "scheme": "http",
            "method": route[0],
            "root_path": "",
            "path": route[1],
            "raw_path": line[2],
            "query_string": line[3] or b"",
            "headers": headers.lines.copy(),
        }
        task = asyncio.get_running_loop().create_task(
            self._exchange(scope, data[head:], connection, is_forwarded=headers.is_forwarded)
        )
        task.add_done_callback(self._state.tasks.discard)
        self._state.tasks.add(task)
        return True

    async def _exchange(
        self, scope: Scope, body: bytes, connection: "Connection", *, is_forwarded: bool
    ) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        answer = b""
        try:
            if is_forwarded:
                await self._read_forwarded(scope, receive, _nothing)
            if connection.begin() > self._stale_s:
                response = STALE.response()
            else:
                response = await self._app.answered(scope, receive)
            await asyncio.sleep(0)  # sent after all that are being worked out now: docs/decisions/0013
            answer = self._packed(response)
        finally:
            connection.answered(answer)

    def _packed(self, response: Response) -> bytes:
        """The whole answer. Its headers are our own: nothing of a request gets into them."""
        lines = [b"%b: %b\r\n" % header for header in (*self._state.default_headers, *response.raw_headers)]
        return b"".join([_status_line(response.status_code), *lines, b"\r\n", response.body])


class _Parsed:
    """What the parser tells of a head."""

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, bytes]] = []
        self.ends = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.lines.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.ends += 1


@lru_cache(HEADERS_CACHED)
def headers_of(block: bytes) -> Headers | None:
    """Of a head without its first line; None of one that is unusual."""
    parsed = _Parsed()
    try:
        HttpRequestParser(parsed).feed_data(b"POST / HTTP/1.1\r\n" + block)
    except (HttpParserError, HttpParserUpgrade):
        return None
    names = {name for name, _ in parsed.lines}
    stays = all(value.lower() == b"keep-alive" for name, value in parsed.lines if name == b"connection")
    if parsed.ends != 1 or names & UNUSUAL or not stays:
        return None
    length = int(dict(parsed.lines).get(b"content-length", b"0"))
    return Headers(parsed.lines, length, bool(names & FORWARDED))


@lru_cache
def _status_line(status: int) -> bytes:
    return b"HTTP/1.1 %d %b\r\n" % (status, HTTPStatus(status).phrase.encode())


async def _nothing(*_: Any) -> None:
    """The application for which uvicorn reads what a proxy says."""


def _address(name: Any) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
