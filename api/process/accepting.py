"""Connections from the kernel's queue: as many as there is room for; the others are refused cheaply.

A transport and a parser for each would cost as much as an answer, and refusals leave no time for answers.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

from api.process.connection import Connection
from api.process.overload import ConcurrencyLimit
from api.process.request_head import HEAD_END, PROBES, body_length
from api.web.refusals import BUSY

ACCEPTED_AT_ONCE = 1_024  # refusing so many takes 30 ms; what is not accepted waits where nobody counts it
OPENED_AT_ONCE = 32  # in a millisecond at most; then everything else has its turn
PEEKED_BYTES = 65_536
NO_RESOURCES_S = 1.0


class Acceptor:
    """Accepts for one process. make: a connection whose transport is to come."""

    def __init__(self, load: ConcurrencyLimit, make: Callable[[], Connection]) -> None:
        self._load, self._make = load, make
        self._stops = self._was_full = False
        self._opening: set[asyncio.Task[Any]] = set()

    def listen(self, listener: socket.socket) -> None:
        """Accept from now on, until `stop`."""
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def stop(self, listener: socket.socket) -> None:
        self._stops = True
        asyncio.get_running_loop().remove_reader(listener)

    def _accept(self, listener: socket.socket) -> None:
        """Take as many as there is room for. The others are left for another process to take, once: in the
        next turn they are refused."""
        room, opened = self._load.room, 0
        try:
            for number in range(ACCEPTED_AT_ONCE):
                if number >= room and not self._was_full:
                    self._was_full = True
                    return
                line, _ = listener.accept()
                if number < room or not is_turned_away(line):
                    self._open(line)
                    opened += 1
                if opened == OPENED_AT_ONCE:
                    return
        except (BlockingIOError, ConnectionAbortedError, InterruptedError):
            self._was_full = self._load.room == 0
        except OSError:  # no descriptors or memory left
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener)
            loop.call_later(NO_RESOURCES_S, self._listen_again, listener)

    def _listen_again(self, listener: socket.socket) -> None:
        if not self._stops:
            self.listen(listener)

    def _open(self, line: socket.socket) -> None:
        connection = self._make()
        if peek(line, 1):
            connection.reserve()
        opening = asyncio.get_running_loop().create_task(_connect(connection, line))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)


async def _connect(connection: Connection, line: socket.socket) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, line)
    except OSError:
        connection.release()


def peek(line: socket.socket, most: int) -> bytes:
    """What the client has sent already; it stays to be read."""
    with suppress(OSError):
        return line.recv(most, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return b""


def is_turned_away(line: socket.socket) -> bool:
    """Whether it was refused and closed. Probes are not, nor what is not here whole: a connection that is
    closed with something unread is reset, and the client would not learn why."""
    sent = peek(line, PEEKED_BYTES)
    end = sent.find(HEAD_END) + len(HEAD_END)
    if end < len(HEAD_END) or sent.startswith(PROBES) or end + body_length(sent[:end]) != len(sent):
        return False
    with closing(line), suppress(OSError):
        line.recv(len(sent), socket.MSG_DONTWAIT)
        line.send(BUSY.answer(closes=True), socket.MSG_DONTWAIT)
        line.shutdown(socket.SHUT_WR)
    return True
