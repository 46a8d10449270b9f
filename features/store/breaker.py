"""Fail fast while the store does not answer; notice by itself when it does again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


class Breaker:
    """Open: nobody waits for the store. One failure opens it, since all share one connection.

    While open, `probe` is run at once and then every `probe_s` seconds; its first success closes
    the breaker. A hiccup so costs one round trip, an outage nothing but the first deadline.
    """

    def __init__(self, probe: Callable[[], Awaitable[None]], probe_s: float = 0.25) -> None:
        self._probe = probe
        self._probe_s = probe_s
        self._probing: asyncio.Task[None] | None = None
        self.is_open = True

    async def start(self) -> None:
        """Probe once and wait for the outcome; go on in the background if it failed."""
        if (error := await self._try()) is not None:
            self.trip(repr(error))

    def trip(self, reason: str) -> None:
        """Open and begin to probe; nothing more if that is under way."""
        self.is_open = True
        if self._probing is None:
            logger.warning("Redis is away (%s); going on without it", reason)
            self._probing = asyncio.get_running_loop().create_task(self._recover())

    async def stop(self) -> None:
        """Open for good."""
        self.is_open = True
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    async def _recover(self) -> None:
        while await self._try() is not None:
            await asyncio.sleep(self._probe_s)
        self._probing = None
        logger.warning("Redis answers again")

    async def _try(self) -> Exception | None:
        try:
            await self._probe()
        except Exception as error:  # whatever is wrong with the store, serving goes on
            return error
        self.is_open = False
        return None
