"""Open arrivals: requests come at a constant rate, whatever became of those before, as shoppers do.

One thread over sockets that never block, in a process of its own: about 50 microseconds a request on a new
connection. Where it was late itself it says so, and nothing can be judged.
"""

from __future__ import annotations

import select
import socket
from collections import Counter, OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter

from loadtests.goals.histogram import Histogram

Address = tuple[str, int]
LATE_S = 0.010
SENT_AT_ONCE = 64  # then answers are read: whoever is behind would have all descriptors open before the first
SOON_S = 0.0005  # shorter pauses are not slept
TIMED_OUT, CUT = "timed out", "cut"
CLOSES = b"\r\nconnection: close"


@dataclass
class Outcome:
    """What became of the requests. answers: by status, or TIMED_OUT or CUT; accepted: seconds since they were
    due of those answered 2xx; impolite: answers 429 or 503 without Retry-After; late: sent too late."""

    answers: Counter[int | str] = field(default_factory=Counter)
    accepted: Histogram = field(default_factory=Histogram)
    impolite: int = 0
    late: int = 0

    def count(self, answer: bytes, seconds: float) -> None:
        """Add a whole answer."""
        status = int(answer[9:12])
        self.answers[status] += 1
        if status < 300:
            self.accepted.add(seconds)
        elif status in {429, 503} and b"\r\nretry-after: " not in answer.lower():
            self.impolite += 1

    @property
    def other(self) -> dict[int | str, int]:
        """What is neither an answer nor a polite refusal."""
        polite = {429, 503}
        return {what: n for what, n in self.answers.items() if what not in polite and str(what)[0] != "2"}


def open_arrivals(
    address: Address,
    request: bytes,
    rate: float,
    seconds: float,
    *,
    keep_alive: bool,
    patience_s: float = 10.0,
) -> Outcome:
    """Requests at a constant distance. keep_alive: on connections that have been answered before, where one
    is idle; else each on a new one. Who waits longer than `patience_s` goes away."""
    arrivals, began, sent = _Arrivals(address, request, keep_alive, patience_s), perf_counter(), 0
    while sent < int(rate * seconds) or arrivals.waiting:
        now, last = perf_counter(), min(sent + SENT_AT_ONCE, int(rate * seconds))
        while sent < last and began + sent / rate <= now:
            arrivals.send(began + sent / rate)
            sent += 1
        pause = began + sent / rate - perf_counter() if sent < int(rate * seconds) else 0.05
        arrivals.read(pause if pause > SOON_S else 0.0)
    arrivals.close()
    return arrivals.outcome


def capacity(
    address: Address, request: bytes, seconds: float, *, keep_alive: bool, channels: int = 16
) -> float:
    """Answers a second to clients of which each asks again as soon as it is answered."""
    arrivals, began = _Arrivals(address, request, keep_alive, patience_s=10.0), perf_counter()
    while perf_counter() < began + seconds:
        while len(arrivals.waiting) < channels:
            arrivals.send(perf_counter())
        arrivals.read(0.05)
    answered = len(arrivals.outcome.accepted) / (perf_counter() - began)
    arrivals.close()
    return answered


class _Arrivals:
    """The connections, and the poll over them. waiting: when each request was due, oldest first."""

    def __init__(self, address: Address, request: bytes, keep_alive: bool, patience_s: float) -> None:
        self._address, self._request = address, request
        self._keep_alive, self._patience_s = keep_alive, patience_s
        self.outcome = Outcome()
        self.waiting: OrderedDict[int, float] = OrderedDict()
        self._lines: dict[int, socket.socket] = {}
        self._received: dict[int, bytes] = {}
        self._idle: list[int] = []
        self._reused: set[int] = set()
        self._poll = select.epoll()

    def send(self, due: float) -> None:
        self.outcome.late += perf_counter() - due > LATE_S
        if self._idle:
            file = self._idle.pop()
            self._reused.add(file)
        else:
            file = self._connect()
        self._send(file, due)

    def _send(self, file: int, due: float) -> None:
        self.waiting[file], self._received[file] = due, b""
        try:
            self._lines[file].send(self._request)
        except BlockingIOError:  # not connected yet
            self._poll.modify(file, select.EPOLLOUT)
        except OSError:
            self._cut(file)

    def _cut(self, file: int) -> None:
        """Without an answer. A server may hang up on an idle connection while a request is on its way: then a
        client sends it again on a new one, as browsers do."""
        if file in self._reused and not self._received[file]:
            due = self.waiting[file]
            self._end(file)
            self._send(self._connect(), due)
        else:
            self._end(file, CUT)

    def read(self, wait_s: float) -> None:
        """Take what has been answered, and give up what takes too long."""
        for file, event in self._poll.poll(wait_s):
            if event == select.EPOLLOUT:
                self._poll.modify(file, select.EPOLLIN)
                with suppress(OSError):  # reading will tell
                    self._lines[file].send(self._request)
            else:
                self._read(file)
        while self.waiting:
            file, due = next(iter(self.waiting.items()))
            if perf_counter() < due + self._patience_s:
                return
            self._end(file, TIMED_OUT)

    def close(self) -> None:
        for file in list(self._lines):
            self._end(file)
        self._poll.close()

    def _connect(self) -> int:
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        with suppress(BlockingIOError):
            line.connect(self._address)
        self._lines[line.fileno()] = line
        self._poll.register(line.fileno(), select.EPOLLIN)
        return line.fileno()

    def _read(self, file: int) -> None:
        try:
            chunk = self._lines[file].recv(1 << 16)
        except OSError:
            chunk = b""
        if not chunk:
            (self._cut if file in self.waiting else self._end)(file)
            return
        answer = self._received[file] = self._received[file] + chunk
        if is_whole(answer):
            self.outcome.count(answer, perf_counter() - self.waiting.pop(file))
            if self._keep_alive and CLOSES not in answer:
                self._idle.append(file)
            else:
                self._end(file)

    def _end(self, file: int, why: str | None = None) -> None:
        if why:
            self.outcome.answers[why] += 1
        self.waiting.pop(file, None)
        if file in self._idle:
            self._idle.remove(file)
        self._reused.discard(file)
        self._lines.pop(file).close()


def is_whole(answer: bytes) -> bool:
    """Whether all that its head announces has come."""
    head, found, body = answer.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"\r\ncontent-length: ")
    return bool(found) and len(body) >= int(length.partition(b"\r")[0] or 0)
