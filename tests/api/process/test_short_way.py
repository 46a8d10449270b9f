"""The short way past uvicorn is HTTP as uvicorn speaks it: the same requests get the same answers."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.process.front import server_of
from api.process.processes import listen
from api.process.short_way import LONGEST_HEADERS
from api.web.fast_routes import ShortcutFastAPI
from api.web.origins import Origins
from api.web.queries import read_body
from api.web.replies import JsonReply, encode
from api.web.settings import ApiSettings

from waiting import eventually

TOLD = (
    "type",
    "http_version",
    "scheme",
    "method",
    "root_path",
    "path",
    "raw_path",
    "query_string",
    "headers",
)
ASK = "GET /told?k=8 HTTP/1.1\r\nHost: a\r\n"
SEND = "POST /told HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
Address = tuple[str, int]


def application() -> ShortcutFastAPI:
    """Tells what it is asked; `/wait` takes its time, `/block` everybody's."""
    router, long = APIRouter(), APIRouter()

    @router.api_route("/told", methods=["GET", "POST"])
    async def told(request: Request) -> Response:
        body = await read_body(request, 100) if request.method == "POST" else b""
        host = request.client.host if request.client else None
        return JsonReply(encode([str(request.scope[name]) for name in TOLD] + [host, body.decode()]))

    @router.get("/wait")
    async def wait(_: Request) -> Response:
        await asyncio.sleep(0.5)
        return JsonReply(b"1")

    @router.get("/block")
    async def block(_: Request) -> Response:
        time.sleep(0.2)
        return JsonReply(b"1")

    @long.get("/long")
    async def long_way() -> Response:
        return JsonReply(b"1")

    app = ShortcutFastAPI()
    app.include_router(router)
    app.include_router(long)
    app.shorten([router], Origins(()))
    return app


def long_way(app: ASGIApp) -> ASGIApp:
    """The application as uvicorn alone serves it."""

    async def same(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return same


@contextmanager
def serving(app: ASGIApp, stale_ms: int = 1_000) -> Iterator[Address]:
    with listen("127.0.0.1", 0) as listener:
        server = server_of(app, ApiSettings(idle_timeout_s=30, drain_s=2, stale_ms=stale_ms))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started)
        try:
            yield listener.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def ways() -> Iterator[tuple[Address, Address]]:
    """Where the short way is taken, and where it is not."""
    with serving(application()) as short, serving(long_way(application())) as long:
        yield short, long


def conversation(address: Address, *sent: bytes) -> bytes:
    """All that comes back, until nothing more does, less what differs from answer to answer."""
    received = b""
    with closing(socket.create_connection(address, timeout=10)) as line:
        for each in sent:
            line.sendall(each)
            time.sleep(0.1)
        try:
            while chunk := line.recv(1 << 16):
                received += chunk
                line.settimeout(0.3)
            received += b" closed"
        except TimeoutError:
            pass
    return re.sub(rb"(date: |x-request-id: |request_id.:.)[^\r\"]*", rb"\1", received)


@pytest.mark.parametrize(
    "sent",
    [
        [ASK],
        [ASK, ASK],
        [ASK + "Connection: keep-alive\r\n"],
        [ASK + "Connection: close\r\n"],
        [ASK + "Connection: close\r\nConnection: keep-alive\r\n"],
        [ASK + "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"],
        [ASK + f"X-Long: {'x' * LONGEST_HEADERS}\r\n"],
        [ASK + "Expect: 100-continue\r\n"],
        [ASK + "Connection: Upgrade\r\nUpgrade: h2c\r\n"],
        [ASK + "Ho st: a\r\n"],
        [ASK + "X: a\n\nGET /told HTTP/1.1\r\n"],
        [ASK.replace("1.1", "1.0")],
        [ASK.replace("k=8", "k=%38&a=\xe9#b")],
        [ASK.replace("/told", "http://a/told")],
        [ASK.replace("/told", "/tol%64")],
        [ASK.replace("/told", "/nothing")],
        [ASK.replace("/told", "/long"), ASK],
        [ASK.replace("GET", "PUT")],
        [ASK.replace("GET", "HEAD")],
        [ASK.replace("k=8", "k=8\x00")],
    ],
)
def test_a_question_is_answered_as_uvicorn_does(ways: tuple[Address, Address], sent: list[str]) -> None:
    short, long = (conversation(way, *[f"{each}\r\n".encode("latin-1") for each in sent]) for way in ways)
    assert short == long
    assert short.count(b"HTTP/1.1 ") >= len(sent)


@pytest.mark.parametrize(
    "sent",
    [
        [f"{SEND}\r\nabc"],
        [f"{SEND}\r\nab", "c"],
        [f"{SEND}\r\n", "abc"],
        [f"{SEND}\r\nabc{SEND}\r\ndef"],
        [f"{SEND}Content-Length: 3\r\n\r\nabc"],
        [f"{SEND}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
        [SEND.replace("Content-Length: 3", "Transfer-Encoding: chunked") + "\r\n3\r\nabc\r\n0\r\n\r\n"],
        [SEND.replace(": 3", ": 101") + "\r\n" + "x" * 101],
        [SEND.replace(": 3", ": x") + "\r\nabc"],
    ],
)
def test_so_is_what_has_a_body(ways: tuple[Address, Address], sent: list[str]) -> None:
    short, long = (conversation(way, *[each.encode() for each in sent]) for way in ways)
    assert short == long
    assert short.startswith(b"HTTP/1.1 ")


def test_a_server_that_ends_gives_the_answer_before() -> None:
    with ExitStack() as held:
        with serving(application()) as address:
            line = held.enter_context(closing(socket.create_connection(address, timeout=5)))
            line.sendall(ASK.replace("/told", "/wait").encode() + b"\r\n")
            time.sleep(0.1)
        answer = b""
        while chunk := line.recv(1 << 16):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_what_waited_too_long_is_refused() -> None:
    with serving(application(), stale_ms=50) as address, ExitStack() as held:
        lines = [held.enter_context(closing(socket.create_connection(address, timeout=5))) for _ in range(4)]
        for line in lines:
            line.sendall(ASK.replace("/told", "/block").encode() + b"\r\n")
        statuses = {line.recv(1 << 16).split()[1] for line in lines}
    assert statuses == {b"200", b"503"}
