"""One client's connection, in front of uvicorn's own protocol: what may be sent on it, and how slowly.

uvicorn's protocol gets a request when its headers are complete, and the next one when the last is answered.
It still parses everything. Here it only matters where headers end and how long a body says it is; a request
that fools this look ends in a limit, never in another reading of it.
"""

import asyncio
from collections.abc import Callable
from functools import cached_property
from math import inf
from time import monotonic
from typing import Protocol, cast

from api.process.joined_writes import JoinedWrites
from api.process.overload import ConcurrencyLimit
from api.process.request_head import HEAD_END, PROBES, body_length
from api.process.short_way import Ends, ShortWay
from api.web.metrics import REFUSED
from api.web.refusals import BUSY, CROWDED, LONG_BODY, LONG_HEAD, SLOW_HEAD, Refusal
from api.web.settings import ApiSettings

SLOWEST_BODY = 500  # bytes a second
FIRST_LETTER = 32  # what lies below stands between requests at most
LINGER_S = 1.0  # a refused client may finish sending, or it would not read why


class Front(Protocol):
    """What all connections of a process share."""

    settings: ApiSettings
    load: ConcurrencyLimit
    short_way: ShortWay | None

    def add(self, connection: "Connection") -> bool:
        """False where there are too many."""

    def discard(self, connection: "Connection") -> None:
        """It is closed."""


class Connection(asyncio.Protocol):
    """Passes requests on one at a time. make_server: uvicorn's protocol, which costs as much as all the rest,
    so that it is made with the first request that needs it."""

    _transport: asyncio.Transport

    def __init__(self, front: Front, make_server: Callable[["Connection"], asyncio.Protocol]) -> None:
        self._front, self._settings, self._make_server = front, front.settings, make_server
        self._server: asyncio.Protocol | None = None
        self._is_admitted = False  # there was room for it
        self._is_answering = self._has_begun = self._is_lingering = False
        self._is_short = self._is_last = False  # past uvicorn; which wants to close behind this answer
        self._is_reserved = False  # the first request counts already
        self._held = b""  # of a head that is incomplete, or of what came before the answer
        self._body_left = 0.0  # bytes; infinite where the body does not say
        self._came_at = 0.0
        self._due = inf  # when this phase must be over
        self._stalled_at = inf  # since when the client reads nothing

    def reserve(self) -> None:
        """The first request is here, and counts from now, though nobody has read it."""
        self._is_reserved, self._came_at = self._front.load.take(), self._now_came()

    def release(self) -> None:
        """It is no request, or not yet."""
        self._front.load.in_flight -= self._is_reserved
        self._is_reserved = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if not self._front.add(self):
            transport.write(CROWDED.answer(closes=True))  # type: ignore[attr-defined]
            transport.close()
            return
        self._is_admitted = True
        self._due = monotonic() + self._settings.head_timeout_s

    def data_received(self, data: bytes) -> None:
        if self._is_lingering or not self._is_admitted:
            return
        if self._body_left:
            self._take_body(data)
        elif self._is_answering:
            self._hold(data)
        else:
            self._take_head(data)

    def eof_received(self) -> bool | None:
        return self._server.eof_received() if self._server else None

    def pause_writing(self) -> None:
        self._stalled_at = monotonic()
        if self._server:
            self._server.pause_writing()

    def resume_writing(self) -> None:
        self._stalled_at = inf
        if self._server:
            self._server.resume_writing()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._front.discard(self)
        self.release()
        if self._is_answering and not self._has_begun:  # uvicorn could not read it
            self._leave(monotonic())
        if self._server:
            self._server.connection_lost(None)  # with an error it would keep its timer, and us by it

    @cached_property
    def ends(self) -> Ends:
        """Who talks to whom."""
        return Ends.of(self._transport)

    def stop(self) -> None:
        """Close behind the answer that is being worked out. uvicorn stops those that it knows."""
        if self._server is None:
            self._end()

    def begin(self) -> float:
        """The application has the request now. Seconds since it came."""
        self._has_begun = True
        if not self._body_left:
            self._due = inf
        return monotonic() - self._came_at

    @property
    def is_body_open(self) -> bool:
        """Whether so much of the body may be to come that it is not waited for after the answer."""
        return self._body_left > self._settings.max_body_bytes

    def body_ended(self) -> None:
        """uvicorn has seen the end of a body that did not say how long it is."""
        self._body_left, self._due = 0.0, inf

    def answered(self, answer: bytes | None = None) -> None:
        """The application is done: the next request may come. answer: what is still to be sent, by the short
        way; empty where there is none, and so no more to come."""
        if self._server:
            self._writes.flush()
        if not self._is_answering:
            return
        now = monotonic()
        self._leave(now)
        if self._transport.is_closing():
            return
        if answer:
            self._transport.write(answer)
        if self._is_last or answer == b"":
            self._transport.close()
        elif self.is_body_open:
            self._linger(now)
        elif not self._body_left:
            self._due = now + self._settings.idle_timeout_s
            if self._held:
                held, self._held = self._held, b""
                self._transport.resume_reading()
                self.data_received(held)

    def check(self, now: float) -> bool:
        """End what takes too long; whether it did. now: seconds of `monotonic`."""
        if self._transport.is_closing():
            self._stalled_at = min(self._stalled_at, now)
        if now >= self._stalled_at + self._settings.send_timeout_s:
            self._cut("unread")
        elif now < self._due:
            return False
        elif self._is_lingering:
            self._transport.abort()
        elif self._body_left or self._is_answering:
            self._cut("slow_body")
        elif self._held:
            self._refuse(SLOW_HEAD)
        else:
            self._transport.close()
        return True

    def _take_head(self, data: bytes) -> None:
        fresh = not self._held
        if self._held or data[0] < FIRST_LETTER:
            data = (self._held + data).lstrip(b"\r\n")
        end = data.find(HEAD_END) + len(HEAD_END)
        complete = end >= len(HEAD_END)
        if (end if complete else len(data)) > self._settings.max_head_bytes:
            self._refuse(LONG_HEAD)
        elif complete:
            self._held = b""
            self._take_request(data, end)
        elif data:
            self.release()
            self._held = data
            if fresh:
                self._due = monotonic() + self._settings.head_timeout_s

    def _take_request(self, data: bytes, end: int) -> None:
        """Pass a request on, or refuse it. end: of its head, in `data`."""
        length, now = body_length(data[:end]), monotonic()
        stop = end + length
        if length and length != inf and length > self._settings.max_stream_bytes:
            self._refuse(LONG_BODY)
        elif not self._is_taken(data):
            self._turn_away(now, goes_on=len(data) == stop)
        else:
            self._is_answering, self._has_begun = True, False
            self._due = now + self._settings.body_timeout_s
            if stop > len(data):
                self._body_left = stop - len(data)
            whole = data if len(data) <= stop else data[: int(stop)]
            self._is_short = self._takes_short_way(whole, end)
            if not self._is_short:
                self._uvicorn().data_received(whole)
            if len(data) > stop:
                self._hold(data[int(stop) :])

    def _takes_short_way(self, data: bytes, head: int) -> bool:
        """Whether it is past uvicorn: a request that is here whole, of a client who reads the answers."""
        short_way, may = self._front.short_way, not self._body_left and self._stalled_at == inf
        return may and short_way is not None and short_way.takes(data, head, self)

    def _uvicorn(self) -> asyncio.Protocol:
        if self._server is None:
            self._writes = JoinedWrites(self._transport, self._end)
            self._server = self._make_server(self)
            self._server.connection_made(cast(asyncio.Transport, self._writes))
        return self._server

    def _take_body(self, data: bytes) -> None:
        cut = int(min(self._body_left, len(data)))
        self._body_left -= cut
        self._due += cut / SLOWEST_BODY
        if not self._body_left and self._is_answering and self._has_begun:
            self._due = inf
        elif not self._body_left:
            self._due = monotonic() + self._settings.idle_timeout_s
        self._uvicorn().data_received(data[:cut])
        if cut < len(data):
            self.data_received(data[cut:])

    def _hold(self, data: bytes) -> None:
        """Keep what came before the answer, and read no more. Who sends much ahead reads nothing."""
        self._held += data
        if len(self._held) > self._settings.max_head_bytes:
            self._cut("pipelined")
        elif not self._transport.is_closing():
            self._transport.pause_reading()

    def _is_taken(self, data: bytes) -> bool:
        """Whether there is room; who asks for the health of a busy process is always taken."""
        if self._is_reserved:
            self._is_reserved = False
            return True
        self._came_at = self._now_came()
        if self._front.load.take():
            return True
        is_probe = data.startswith(PROBES)
        self._front.load.in_flight += is_probe
        return is_probe

    def _now_came(self) -> float:
        """When what is read now may have come: before the event loop could see it."""
        return monotonic() - self._front.load.lag_s

    def _turn_away(self, now: float, *, goes_on: bool) -> None:
        """The service is busy. goes_on: the request is here whole, so that the connection may stay."""
        if goes_on:
            self._transport.write(BUSY.answer(closes=False))
            self._due = now + self._settings.idle_timeout_s
        else:
            self._refuse(BUSY)

    def _refuse(self, refusal: Refusal) -> None:
        self._transport.write(refusal.answer(closes=True))
        self._linger(monotonic())

    def _linger(self, now: float) -> None:
        """Nothing more is answered; what still comes is dropped until the client has read why."""
        self._is_lingering, self._held, self._due = True, b"", now + LINGER_S
        if not self._transport.is_closing():
            self._transport.write_eof()

    def _cut(self, reason: str) -> None:
        REFUSED.add(reason)
        self._transport.abort()

    def _end(self) -> None:
        """uvicorn is done with the connection; who still sends gets the time to read why."""
        if self._is_short and self._is_answering:
            self._is_last = True
        elif self._body_left and not self._is_lingering:
            self._linger(monotonic())
        else:
            self._transport.close()

    def _leave(self, now: float) -> None:
        self._is_answering = False
        self._front.load.leave(now - self._came_at, now)
