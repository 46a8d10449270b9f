"""The shortcut to an answer is HTTP like the long way, through api/web/middleware.py."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import httpx
import pytest

HEAD = "HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer pk_demo\r\n"
ASK = f"GET /v1/recommendations?placement=trending {HEAD}"
WRONG = f"GET /v1/recommendations?placement=nowhere {HEAD}"
HEALTH = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def line(url: str) -> Iterator[socket.socket]:
    """A connection to the running service."""
    with closing(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)) as line:
        yield line


def answer(line: socket.socket) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers and body of the next answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += line.recv(1 << 16)
    head, _, body = got.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in lines)
    while len(body) < int(headers["content-length"]):
        body += line.recv(1 << 16)
    return status, headers, body


def test_one_connection_carries_short_and_long_ways(line: socket.socket) -> None:
    statuses = []
    for request in (ASK, HEALTH, WRONG, ASK):
        line.sendall(f"{request}\r\n".encode())
        statuses.append(answer(line)[0].split()[1])
    assert statuses == ["200", "200", "422", "200"]


def test_its_headers_are_those_of_every_answer(line: socket.socket) -> None:
    line.sendall(f"{ASK}\r\n".encode())
    _, headers, _ = answer(line)
    assert {"date", "content-type", "content-length", "cache-control", "server-timing"} <= headers.keys()
    assert len(headers["x-request-id"]) == 16
    assert "connection" not in headers


def test_who_asks_for_the_end_of_the_connection_gets_it(line: socket.socket) -> None:
    line.sendall(f"{ASK}Connection: close\r\n\r\n".encode())
    assert answer(line)[1]["connection"] == "close"
    assert line.recv(1) == b""


def test_requests_sent_at_once_are_answered_in_order(line: socket.socket) -> None:
    line.sendall((f"{ASK}\r\n" + f"{WRONG}\r\n" + f"{ASK}\r\n").encode())
    got = b""
    while got.count(b"HTTP/1.1 ") < 3 or not got.endswith(b"}"):
        got += line.recv(1 << 16)
    assert [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]] == [b"200", b"422", b"200"]


def test_who_waits_together_gets_their_own_answer(url: str) -> None:
    port, placements = int(url.rpartition(":")[2]), ["trending", "home", "nowhere", "cart"] * 8
    with ExitStack() as held:
        lines = [
            held.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=5)))
            for _ in placements
        ]
        for line, placement in zip(lines, placements, strict=True):
            line.sendall(ASK.replace("trending", placement).encode() + b"\r\n")
        answers = [answer(line) for line in lines]
    assert [json.loads(body).get("placement", "nowhere") for _, _, body in answers] == placements
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == len(placements)


def test_who_hangs_up_early_harms_nobody(url: str, line: socket.socket) -> None:
    with closing(socket.create_connection(line.getpeername())) as impatient:
        impatient.sendall(f"{ASK}\r\n".encode())
    line.sendall(f"{ASK}\r\n".encode())
    assert answer(line)[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/recommendations?placement=trending", "/widget.js", "/docs"]
)
def test_head_is_get_without_a_body(http: httpx.Client, path: str) -> None:
    whole, head = http.get(path), http.head(path, timeout=4)  # an idle connection ends after five
    assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])
    assert (head.content, bool(whole.content)) == (b"", True)


def test_a_slash_at_the_end_says_nothing(http: httpx.Client) -> None:
    assert http.get("/healthz/").status_code == 200
    assert http.get("/").headers["location"] == "/console"
