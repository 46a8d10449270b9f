"""The bench's own generator, against real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

import pytest

from loadtests.bench.generator import Address, WrongAnswer, at_rate, saturate
from loadtests.bench.wrk import WRK, full_speed

REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BAD = b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno"


def _answer(line: socket.socket, answer: bytes, wait_s: float) -> None:
    """Until the other side has gone, in whatever manner."""
    with line, suppress(OSError):
        while line.recv(1_000):
            time.sleep(wait_s)
            line.sendall(answer)


@contextmanager
def server(answer: bytes = OK, wait_s: float = 0.0) -> Iterator[Address]:
    """One that gives the same answer to each request, after a while."""
    with socket.create_server(("127.0.0.1", 0), backlog=600) as listener:

        def accept() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_answer, args=(line, answer, wait_s), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def test_full_speed_counts_every_answer() -> None:
    with server() as address:
        load = saturate(address, repeat(REQUEST), 0.2, channels=2)
    assert len(load.latency) > 20
    assert load.a_second == pytest.approx(len(load.latency) / load.seconds)


def test_requests_that_end_end_the_load() -> None:
    with server() as address:
        assert len(saturate(address, iter([REQUEST] * 5), 60, channels=2).latency) >= 3


@pytest.mark.skipif(WRK is None, reason="wrk is not installed")
def test_wrk_tells_every_latency() -> None:
    with server(wait_s=0.02) as address:
        load = full_speed(address, repeat(REQUEST), 1, distinct=3, channels=2)
    assert 10 < len(load.latency) <= 2 * (load.seconds / 0.02 + 1)  # wrk may go on a little longer
    assert 0.02 < load.latency.quantile(0.5) < 0.2


@pytest.mark.skipif(WRK is None, reason="wrk is not installed")
def test_wrk_takes_no_error_for_an_answer() -> None:
    with server(BAD) as address, pytest.raises(WrongAnswer):
        full_speed(address, repeat(REQUEST), 1, distinct=1, channels=2)


def test_a_wrong_answer_is_no_latency() -> None:
    with server(BAD) as address, pytest.raises(WrongAnswer, match="500"):
        saturate(address, repeat(REQUEST), 0.1, channels=1)


def test_arrivals_do_not_wait_for_answers() -> None:
    with server(wait_s=0.3) as address:
        load = at_rate(address, repeat(REQUEST), seconds=0.5, rate=100)
    assert len(load.latency) == 50
    assert 0.3 <= load.latency.quantile(0.5) < 0.6


def test_what_is_never_answered_counts_as_slow() -> None:
    with server(wait_s=2) as address:
        load = at_rate(address, repeat(REQUEST), seconds=0.2, rate=100, patience_s=0.5)
    assert len(load.latency) == 20
    assert load.latency.quantile(0.01) >= 0.5
