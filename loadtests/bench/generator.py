"""Requests from one thread over raw sockets, about 10 microseconds each: the server is the bottleneck."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from time import perf_counter

from loadtests.goals.histogram import Histogram

Address = tuple[str, int]
LATE_S = 0.001
MOST_CHANNELS = 512
PATIENCE_S = 10.0


class WrongAnswer(Exception):
    """The server answered with something else than 2xx, or hung up."""


@dataclass
class Window:
    """What was sent and how long the answers took. late: requests sent over 1 ms after they were due."""

    seconds: float = 0.0
    latency: Histogram = field(default_factory=Histogram)
    late: int = 0

    @property
    def a_second(self) -> float:
        return len(self.latency) / self.seconds if self.seconds else 0.0

    def merge(self, other: Window) -> None:
        """Add what another window measured."""
        self.seconds += other.seconds
        self.latency.merge(other.latency)
        self.late += other.late


class HttpChannel:
    """One keep-alive connection, one request at a time."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.due = 0.0

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The answer's body once it is whole. Raises WrongAnswer."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise WrongAnswer("the server hung up")
        self._received += chunk
        body = self._received.find(b"\r\n\r\n") + 4
        length = self._received.find(b"content-length: ", 0, body) + 16
        if body < 4 or len(self._received) < body + int(
            self._received[length : self._received.find(b"\r", length)]
        ):
            return None
        answer, self._received = self._received, b""
        if not answer.startswith(b"HTTP/1.1 2"):
            raise WrongAnswer(answer.decode(errors="replace")[:500])
        return answer[body:]

    def ask(self, request: bytes) -> bytes:
        """Send and wait."""
        self.send(request, perf_counter())
        while (answer := self.receive()) is None:
            pass
        return answer

    def close(self) -> None:
        self.socket.close()


def saturate(address: Address, requests: Iterator[bytes], seconds: float, channels: int = 16) -> Window:
    """Every channel asks again as soon as it is answered. Ends early where `requests` do."""
    with closing(_Line(address, channels)) as line:
        began = perf_counter()
        load, until = Window(), began + seconds
        try:
            for channel in line.channels:
                channel.send(next(requests), perf_counter())
            while perf_counter() < until or not len(load.latency):
                for channel in line.answered(load, wait_s=0.05):
                    channel.send(next(requests), perf_counter())
        except StopIteration:
            pass
        load.seconds = perf_counter() - began
    return load


def at_rate(
    address: Address, requests: Iterator[bytes], seconds: float, rate: float, patience_s: float = PATIENCE_S
) -> Window:
    """Open arrivals at a constant distance, latency from the moment each was due; spins, to be in time.

    Where the server cannot keep up, what is not answered `patience_s` after the end counts as answered
    then: its latency is at least that.
    """
    load, sent, arrivals = Window(seconds), 0, int(seconds * rate)
    with closing(_Line(address, 16)) as line:
        idle, began = deque(line.channels), perf_counter()
        until = began + seconds + patience_s
        while sent < arrivals and perf_counter() < until:
            due = began + sent / rate
            if perf_counter() < due or not idle:
                idle += line.answered(load)
                if not idle and perf_counter() > due and len(line.channels) < MOST_CHANNELS:
                    idle.append(line.open())
                continue
            load.late += perf_counter() - due > LATE_S
            idle.popleft().send(next(requests), due)
            sent += 1
        while line.channels and perf_counter() < until:
            for channel in idle:  # a server hangs up on idle ones while the others are still due
                line.hang_up(channel)
            idle = deque(line.answered(load, wait_s=0.05))
        for number in range(len(load.latency), arrivals):
            load.latency.add(perf_counter() - began - number / rate)
    return load


class _Line:
    """Channels and the poll over them."""

    def __init__(self, address: Address, channels: int) -> None:
        self._address = address
        self._poll = select.epoll()
        self._by_file: dict[int, HttpChannel] = {}
        for _ in range(channels):
            self.open()

    @property
    def channels(self) -> list[HttpChannel]:
        return list(self._by_file.values())

    def open(self) -> HttpChannel:
        channel = HttpChannel(self._address)
        self._by_file[channel.socket.fileno()] = channel
        self._poll.register(channel.socket.fileno(), select.EPOLLIN)
        return channel

    def answered(self, load: Window, wait_s: float = 0.0) -> list[HttpChannel]:
        """The channels whose answer has come, its time counted."""
        done = []
        for file, _ in self._poll.poll(wait_s):
            channel = self._by_file[file]
            if channel.receive() is not None:
                load.latency.add(perf_counter() - channel.due)
                done.append(channel)
        return done

    def hang_up(self, channel: HttpChannel) -> None:
        del self._by_file[channel.socket.fileno()]
        channel.close()

    def close(self) -> None:
        for channel in self.channels:
            self.hang_up(channel)
        self._poll.close()
