"""The connection to Redis for serving: one socket, many requests in flight, a hard deadline."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import hiredis

from features.store.address import Address
from features.store.breaker import Breaker
from features.store.failover import is_wrong_node, moved_to

REFUSALS = ("OOM ", "MISCONF ", "NOREPLICAS ", "BUSY ")  # of a node that may take the command later
Word = str | bytes | int | float
_pack = cast(Callable[[tuple[Word, ...]], bytes], hiredis.pack_command)  # its stub has one argument


class StoreUnavailable(Exception):
    """Redis did not answer in time, is down, or takes no writes now."""


class Link(asyncio.Protocol):
    """One socket: commands queued together are one write; replies resolve their futures in order."""

    def __init__(
        self, deadline_s: float, on_lost: Callable[[Link, str], None], on_moved: Callable[[str], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline_s = deadline_s
        self._on_lost, self._on_moved = on_lost, on_moved
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._in_flight: deque[asyncio.Future[Any]] = deque()
        self._outgoing: list[bytes] = []
        self._sent = self._answered = 0
        self._due: deque[tuple[int, float]] = deque()  # for each write: `_sent` after it, its deadline

    @property
    def is_closed(self) -> bool:
        return self._transport is None

    def send(self, command: tuple[Word, ...]) -> asyncio.Future[Any]:
        """Queue one command. All commands queued in this turn of the event loop and the next are one write,
        so that requests that arrive meanwhile share it."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        self._in_flight.append(reply)
        if not self._outgoing:
            self._loop.call_soon(self._loop.call_soon, self._write)
        self._outgoing.append(_pack(command))
        return reply

    def close(self, reason: str) -> None:
        """Close the socket; every command in flight fails with StoreUnavailable."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.abort()
            self._on_lost(self, reason)
        while self._in_flight:
            reply = self._in_flight.popleft()
            if not reply.done():
                _fail(reply, StoreUnavailable(reason))

    def _write(self) -> None:
        if self._transport is None:
            return
        self._transport.write(b"".join(self._outgoing))
        self._sent += len(self._outgoing)
        self._outgoing.clear()
        due = self._loop.time() + self._deadline_s
        self._due.append((self._sent, due))
        if len(self._due) == 1:
            self._loop.call_at(due, self._check)

    def _check(self, is_retry: bool = False) -> None:
        """Close the link if the oldest unanswered write is past its deadline; one timer serves all writes.

        The event loop may have been too busy to read the socket, so it is checked again a moment later.
        """
        while self._due and (self._due[0][0] <= self._answered or self._transport is None):
            self._due.popleft()
        if not self._due:
            return
        due = self._due[0][1]
        if self._loop.time() < due:
            self._loop.call_at(due, self._check)
        elif not is_retry:
            self._loop.call_later(0.001, self._check, True)
        else:
            self.close("no answer within the deadline")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._answered += 1
            future = self._in_flight.popleft()
            if future.done():
                continue
            if not isinstance(reply, hiredis.ReplyError):
                future.set_result(reply)
            elif is_wrong_node(str(reply)):
                _fail(future, StoreUnavailable(str(reply)))
                self._on_moved(str(reply))
                return self.close(str(reply))
            elif any(word in str(reply) for word in REFUSALS):
                _fail(future, StoreUnavailable(str(reply)))
            else:
                _fail(future, reply)
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.close(f"connection lost: {exc or 'Redis hung up'}")


def _fail(reply: asyncio.Future[Any], error: Exception) -> None:
    reply.set_exception(error)
    reply.exception()  # retrieved, so that asyncio logs no warning if the caller has given up


class Connection:
    """The store for one event loop: a link, and a breaker that replaces it when it fails.

    A command without an answer within the deadline closes the link: all commands in flight fail with
    StoreUnavailable, and so does every further call, at once, until a probe is answered. No command is
    sent twice.

    A node that says that it is the wrong one is left: the name in the URL is resolved again, or the node that
    a cluster named instead is asked. A replica is no store.
    """

    def __init__(self, url: str, deadline_ms: int = 50) -> None:
        self._address = self._given = Address.of(url)
        self._deadline_s = deadline_ms / 1000
        self._paused: str | None = None
        self._breaker = Breaker(self._connect)
        self._link: Link | None = None

    @property
    def available(self) -> bool:
        """Whether calls are sent now; else they fail at once."""
        return not self._breaker.is_open

    def pause(self, reason: str | None) -> None:
        """Let all calls fail at once for this reason; None: no longer."""
        self._paused = reason

    async def check_role(self) -> None:
        """Leave a node that has become a replica and has refused nothing yet: it answers reads."""
        link = self._link
        if link is None or self._breaker.is_open:
            return
        try:
            await _refuse_replica(link)
        except StoreUnavailable as error:
            link.close(str(error))

    async def open(self) -> None:
        """Connect. It is no error if the store is down: probes go on until it answers."""
        await self._breaker.start()

    async def close(self) -> None:
        """Close the connection for good."""
        await self._breaker.stop()
        link, self._link = self._link, None
        if link is not None:
            link.close("closed")

    async def call(self, *command: Word) -> Any:
        """Send one command and wait for its reply: bytes, int, list or None.

        Raises StoreUnavailable, or hiredis.ReplyError for a command that Redis finds wrong.
        """
        return await self.send(*command)

    def send(self, *command: Word) -> asyncio.Future[Any]:
        """As `call` without waiting; commands sent in one turn share one write and one round trip.

        Raises StoreUnavailable at once while the breaker is open.
        """
        if self._link is None or self._breaker.is_open:
            raise StoreUnavailable("Redis is away")
        if self._paused is not None:
            raise StoreUnavailable(self._paused)
        return self._link.send(command)

    async def _connect(self) -> None:
        loop, address = asyncio.get_running_loop(), self._address
        self._address = self._given  # a node that a cluster named is tried once

        def new_link() -> Link:
            return Link(self._deadline_s, self._lost, self._moved)

        async with asyncio.timeout(self._deadline_s):
            if address.path is not None:
                _, link = await loop.create_unix_connection(new_link, address.path)
            else:
                tls = ssl.create_default_context() if address.tls else None
                _, link = await loop.create_connection(new_link, address.host, address.port, ssl=tls)
        try:
            await asyncio.gather(*[link.send(words) for words in address.greeting])
            await _refuse_replica(link)
        except BaseException:
            link.close("refused")
            raise
        if link.is_closed:
            raise StoreUnavailable("Redis hung up")
        self._link = link

    def _moved(self, reply: str) -> None:
        """Ask the node that a cluster names instead at the next connection."""
        if node := moved_to(reply):
            host, port = node
            self._address = replace(self._given, path=None, host=host or self._given.host, port=port)

    def _lost(self, link: Link, reason: str) -> None:
        if link is self._link:
            self._breaker.trip(reason)


async def _refuse_replica(link: Link) -> None:
    """Raises StoreUnavailable if it is one; where Redis may not say, it is none."""
    with suppress(hiredis.ReplyError):
        role = await link.send(("ROLE",))
        if role[0] in {b"slave", b"replica"}:
            raise StoreUnavailable("Redis is a replica")
