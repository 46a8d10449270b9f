"""A TCP port in front of a Redis that listens on a Unix socket; it can refuse and delay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Self
from urllib.parse import unquote

from features.store.redis_server import RedisServer


class RedisRelay:
    """An asynchronous context manager that leaves no connection open at its end.

    delay_s: how late each piece is passed on; refuses: hang up on whoever comes.
    """

    def __init__(self, server: RedisServer) -> None:
        self.url, self.delay_s, self.refuses = "", 0.0, False
        self._path = unquote(server.url.removeprefix("unix://"))
        self._connections: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await asyncio.sleep(0)  # who has just come is known now
        self.hang_up()
        await asyncio.gather(*self._connections)

    def hang_up(self) -> None:
        """End all connections now."""
        for ends in self._connections.values():
            _abort(ends)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = (writer,)
        ends = [writer]
        try:
            with suppress(OSError):
                if not self.refuses:
                    from_redis, to_redis = await asyncio.open_unix_connection(self._path)
                    ends.append(to_redis)
                    self._connections[task] = (writer, to_redis)
                    await asyncio.gather(self._copy(reader, to_redis), self._copy(from_redis, writer))
        finally:
            _abort(ends)
            await asyncio.gather(*[end.wait_closed() for end in ends], return_exceptions=True)
            del self._connections[task]

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay_s)
            writer.write(data)
        writer.transport.abort()


def _abort(ends: Iterable[asyncio.StreamWriter]) -> None:
    for end in ends:
        end.transport.abort()
