"""Hostile clients and too many of them, against uvicorn behind its limits.

Covers api/process/connection.py, request_head.py and overload.py, api/web/refusals.py and
loadtests/traffic/attacks.py. The application is the smallest there is, so that nothing else refuses or
delays.
"""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import httpx
import psutil
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.process.connection import Connection
from api.process.front import ENDED_AT_ONCE, server_of
from api.process.overload import FEWEST, FIRST, SHRINK, ConcurrencyLimit
from api.process.processes import listen
from api.process.request_head import body_length
from api.web.metrics import exposition
from api.web.settings import ApiSettings
from loadtests.traffic import attacks
from loadtests.traffic.attacks import Address

from waiting import eventually

QUICK: dict[str, Any] = {
    "head_timeout_s": 1,
    "body_timeout_s": 1,
    "idle_timeout_s": 1,
    "send_timeout_s": 1,
    "drain_s": 1,
}
MEMORY_MB = 50


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a body with its length; `/long` with 20 MB, `/wait` takes a second, `/block` holds up all."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    length, more = 0, scope["method"] == "POST"
    while more:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    if scope["path"] == "/wait":
        await asyncio.sleep(1)
    if scope["path"] == "/block":
        time.sleep(0.2)
    parts = [b"x" * 1_000_000] * 20 if scope["path"] == "/long" else [b"%d" % length]
    total = sum(map(len, parts))
    headers = [(b"content-length", b"%d" % total)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def serving(**settings: Any) -> Iterator[Address]:
    with listen("127.0.0.1", 0) as listener:
        server = server_of(app, ApiSettings(**{**QUICK, **settings}))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[:2]
        finally:
            server.should_exit = True
            thread.join()


def status(address: Address, path: str = "/") -> int:
    return httpx.get(f"http://{address[0]}:{address[1]}{path}", timeout=10).status_code


def memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def test_an_endless_header_is_refused_and_holds_no_memory() -> None:
    with serving() as address:
        before = memory_mb()
        sent = attacks.endless_header(address, 20_000_000)
        assert sent.answer.startswith(b"HTTP/1.1 431 ")
        assert b"connection: close" in sent.answer
        assert json.loads(sent.answer.partition(b"\r\n\r\n")[2])["status"] == 431
        assert memory_mb() < before + MEMORY_MB
        assert status(address) == 200


def test_a_client_that_pipelines_without_reading_is_cut_off() -> None:
    with serving() as address:
        before = memory_mb()
        assert attacks.pipelined(address, 50_000_000).taken < 50_000_000
        assert memory_mb() < before + MEMORY_MB
        assert status(address) == 200


@pytest.mark.parametrize(
    "begin",
    [b"", attacks.HEAD, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123"],
    ids=["nothing", "half a head", "half a body"],
)
def test_half_open_connections_are_closed(begin: bytes) -> None:
    with serving() as address:
        assert attacks.half_open(address, 200, within_s=10, begin=begin) == 0


async def test_half_open_connections_leave_everybody_else_a_turn() -> None:
    """Counted in turns of the event loop, which an answer takes about four of."""
    with ExitStack() as held, listen("127.0.0.1", 0) as listener:
        server = server_of(app, ApiSettings(**QUICK))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        lines = [held.enter_context(socket.create_connection(listener.getsockname()[:2])) for _ in range(200)]
        for line in lines:
            line.sendall(attacks.HEAD)
            line.setblocking(False)
        refused_in_turn = [0]
        while waiting := [line for line in lines if not is_answered(line)]:
            refused_in_turn.append(len(lines) - len(waiting))
            lines = waiting
            assert not server.server_state.connections, "uvicorn's part is made for those who ask"
            await asyncio.sleep(0)
        server.should_exit = True
        await running
    assert sum(refused_in_turn) > 100
    assert max(refused_in_turn) <= 2 * ENDED_AT_ONCE


def is_answered(line: socket.socket) -> bool:
    with suppress(BlockingIOError):
        return line.recv(12) == b"HTTP/1.1 408"
    return False


@pytest.mark.parametrize(
    "begin",
    [attacks.HEAD + b"X-Long: ", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"],
    ids=["head", "body"],
)
def test_one_byte_after_the_other_is_too_slow(begin: bytes) -> None:
    with serving() as address:
        assert attacks.dribbled(address, begin, every_s=0.05, within_s=10) < 10


def cut_for_not_reading() -> float:
    found = re.search(r'perennial_refused_total{reason="unread"} (\S+)', exposition({}).decode())
    return float(found[1]) if found else 0.0


def test_who_does_not_read_is_cut_off() -> None:
    before = cut_for_not_reading()
    with serving(send_timeout_s=1) as address, attacks.unread(address, 5, b"/long"):
        eventually(lambda: cut_for_not_reading() == before + 5)


def test_more_connections_than_are_allowed_get_503() -> None:
    with serving(max_connections=3, idle_timeout_s=60, head_timeout_s=60) as address:
        held = [socket.create_connection(address) for _ in range(3)]
        with closing(socket.create_connection(address, 10)) as one_more:
            answer = one_more.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        for line in held:
            line.close()
        eventually(lambda: status(address) == 200)


def statuses(address: Address, path: bytes, number: int) -> list[int]:
    """Of as many requests at once, each on a connection of its own; those refused say when to come back."""
    request = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path
    with ExitStack() as held:
        lines = [held.enter_context(closing(socket.create_connection(address, 30))) for _ in range(number)]
        for line in lines:
            line.sendall(request)
        heads = [line.recv(10_000) for line in lines]
    codes = [int(head.split()[1]) for head in heads]
    assert all(b"retry-after: 1\r\n" in head for head, code in zip(heads, codes, strict=True) if code == 503)
    return codes


def test_overload_is_refused_early_and_a_busy_process_answers_probes() -> None:
    with serving(max_in_flight=64, head_timeout_s=20, idle_timeout_s=20) as address:
        flood = threading.Thread(target=lambda: came.extend(statuses(address, b"/wait", 100)))
        came: list[int] = []
        flood.start()
        assert status(address, "/healthz") == 200
        flood.join()
        assert came.count(200) == 64
        assert came.count(503) == 36
        eventually(lambda: status(address) == 200)


def test_what_waited_too_long_is_not_worked_on() -> None:
    with serving(stale_ms=100, head_timeout_s=20) as address:
        assert 503 in statuses(address, b"/block", 8)
        eventually(lambda: status(address) == 200)


def exchange(address: Address, *chunks: bytes, answers: int = 1) -> list[bytes]:
    """The bodies of the answers to what is sent piece by piece."""
    with closing(socket.create_connection(address, 10)) as line:
        for chunk in chunks:
            line.sendall(chunk)
            time.sleep(0.02)
        reader = line.makefile("rb")
        bodies = []
        for _ in range(answers):
            head = b"".join(iter(reader.readline, b"\r\n"))
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            bodies.append(reader.read(length))
        return bodies


POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"


@pytest.mark.parametrize(
    ("chunks", "bodies"),
    [
        ([GET], [b"0"]),
        ([GET * 5], [b"0"] * 5),
        ([POST % (5, b"12345") + GET + POST % (2, b"12")], [b"5", b"0", b"2"]),
        ([b"\r\n" + GET[:20], GET[20:-2], GET[-2:]], [b"0"]),
        ([(POST % (9, b"12345"))[:-2], b"45", b"6789" + GET], [b"9", b"0"]),
        ([CHUNKED, b"0\r\n\r\n"], [b"3"]),
        ([CHUNKED + b"0\r\n\r\n", GET, CHUNKED, b"0\r\n\r\n", GET], [b"3", b"0", b"3", b"0"]),
        ([b"POST / HTTP/1.1\r\nCONTENT-LENGTH : 3\r\n\r\nabc"], [b"Invalid HTTP request received."]),
    ],
)
def test_requests_in_any_pieces_are_answered_in_order(chunks: list[bytes], bodies: list[bytes]) -> None:
    with serving() as address:
        assert exchange(address, *chunks, answers=len(bodies)) == bodies


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 0),
        (b"POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n", 12),
        (b"POST / HTTP/1.1\r\nCONTENT-LENGTH:12 \r\nA: b\r\n\r\n", 12),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", float("inf")),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", float("inf")),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", float("inf")),
    ],
)
def test_the_length_that_a_head_announces(head: bytes, length: float) -> None:
    assert body_length(head) == length


def test_an_answer_before_the_end_of_a_body_says_that_the_connection_closes() -> None:
    unread = CHUNKED.replace(b"POST", b"GET")  # the application reads no body of it
    with serving() as address, closing(socket.create_connection(address, 10)) as line:
        line.sendall(unread)
        with line.makefile("rb") as reader:
            head = b"".join(iter(reader.readline, b"\r\n")).lower()
            assert b"connection: close" in head
            assert reader.read() == b"0"


def test_a_server_that_ends_waits_for_nobody_who_still_sends() -> None:
    with ExitStack() as held:
        with serving() as address:
            line = held.enter_context(closing(socket.create_connection(address, 10)))
            line.sendall(CHUNKED.replace(b"POST", b"GET"))
            assert line.recv(1)
        assert line.recv(10_000)
        assert line.recv(10_000) == b""


def test_a_body_that_nobody_would_take_is_refused_before_it_comes() -> None:
    with serving(max_stream_bytes=1_000) as address, closing(socket.create_connection(address, 10)) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
        assert line.recv(1_000).startswith(b"HTTP/1.1 413 ")


def filled(load: ConcurrencyLimit) -> int:
    """Requests in flight once no more are taken."""
    while load.take():
        pass
    return load.in_flight


def answer_all(load: ConcurrencyLimit, seconds: float, now: float) -> None:
    while load.in_flight:
        load.leave(seconds, now)


def test_the_limit_shrinks_while_answers_are_late_and_grows_while_they_are_not() -> None:
    load = ConcurrencyLimit(ApiSettings(queue_target_ms=50, max_in_flight=1_000))
    assert filled(load) == FIRST
    answer_all(load, seconds=1.0, now=1.0)
    assert filled(load) == int(FIRST * SHRINK)  # one hiccup shrinks it once, however many were late
    for now in range(2, 22):
        answer_all(load, seconds=1.0, now=now)
        filled(load)
    assert load.in_flight == FEWEST
    answer_all(load, seconds=0.001, now=22)
    for tick in range(20):
        load.observe_lag(0.001, 22 + tick / 50)
    assert filled(load) == FEWEST + 20
    for tick in range(200):
        load.observe_lag(0.001, 23 + tick / 50)
        filled(load)
    assert load.in_flight == FEWEST + 220  # beyond the first limit, since it is used


def test_the_limit_shrinks_to_what_was_in_flight_when_the_event_loop_is_late() -> None:
    load = ConcurrencyLimit(ApiSettings(queue_target_ms=50, max_in_flight=1_000))
    for _ in range(50):
        assert load.take()
    load.observe_lag(0.2, 1.0)
    assert load.lag_s == 0.2
    assert load.room == 0
    answer_all(load, seconds=0.001, now=1.0)
    assert load.room == 40


def test_a_connection_is_an_asyncio_protocol() -> None:
    """What uvicorn's documentation asks of `http`."""
    assert issubclass(Connection, asyncio.Protocol)
