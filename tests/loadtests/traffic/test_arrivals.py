"""Open arrivals against a server that hangs up, refuses impolitely or never answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from loadtests.traffic.arrivals import CUT, TIMED_OUT, Address, open_arrivals

ASK = b"GET / HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def answering(answer: bytes, *, hangs_up: bool = True) -> Iterator[Address]:
    """A server that says this to each connection once."""
    held = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listener.accept()
                    line.recv(1_000)
                    line.sendall(answer)
                    if hangs_up:
                        line.close()
                    else:
                        held.append(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in held:
                line.close()


@pytest.mark.parametrize(
    ("answer", "what", "impolite"),
    [
        (OK, 200, 0),
        (b"", CUT, 0),
        (OK[:-1], CUT, 0),
        (b"HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n", 503, 0),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", 503, 10),
    ],
)
def test_what_becomes_of_each_request(answer: bytes, what: int | str, impolite: int) -> None:
    with answering(answer) as address:
        outcome = open_arrivals(address, ASK, 100, 0.1, keep_alive=False)
    assert outcome.answers == {what: 10}
    assert outcome.impolite == impolite
    assert len(outcome.accepted) == (10 if what == 200 else 0)
    assert outcome.other == ({what: 10} if what == CUT else {})


def test_who_is_not_answered_goes_away() -> None:
    with answering(b"", hangs_up=False) as address:
        outcome = open_arrivals(address, ASK, 100, 0.1, keep_alive=False, patience_s=0.3)
    assert outcome.answers == {TIMED_OUT: 10}


def test_a_request_that_crosses_a_hang_up_is_sent_again() -> None:
    with answering(OK) as address:
        outcome = open_arrivals(address, ASK, 20, 0.5, keep_alive=True)
    assert outcome.answers == {200: 10}
