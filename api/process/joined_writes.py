"""An answer's head and body in one write: uvicorn writes each on its own, which is a call to the system, and
a packet, more for each answer."""

import asyncio
from collections.abc import Callable
from typing import Any

HEAD, CONTINUE = b"HTTP/1.1 ", b"HTTP/1.1 100 "


class JoinedWrites:
    """A transport for uvicorn's protocol. A head waits for the body, be it empty, or for the answer's end."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport, self._close, self._head = transport, close, b""

    def write(self, data: bytes) -> None:
        """Send the data behind a head that waits; keep it if it is one."""
        if not self._head and data.startswith(HEAD) and not data.startswith(CONTINUE):
            self._head = data
            return
        head, self._head = self._head, b""
        self._transport.write(head + data if head else data)

    def flush(self) -> None:
        """Send what waits: an answer to HEAD has no body."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Send what waits, and close."""
        self.flush()
        self._close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
