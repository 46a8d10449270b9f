"""A circuit breaker: calls fail fast while the store is down; probes find out when it answers again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


class Breaker:
    """While open, no call waits for the store. One failure opens it, since all calls share one connection.

    While open, `probe` is run at once and then every `probe_s` seconds; its first success closes
    the breaker. So a short failure costs one round trip, and an outage only the first deadline.
    """

    def __init__(self, probe: Callable[[], Awaitable[None]], probe_s: float = 0.25) -> None:
        self._probe = probe
        self._probe_s = probe_s
        self._probing: asyncio.Task[None] | None = None
        self.is_open = True

    async def start(self) -> None:
        """Probe once and wait for the result; after a failure, probe on in the background."""
        if (error := await self._try()) is not None:
            self.trip(repr(error))

    def trip(self, reason: str) -> None:
        """Open the breaker and begin to probe, unless probing already."""
        self.is_open = True
        if self._probing is None:
            logger.warning("Redis is away (%s); going on without it", reason)
            self._probing = asyncio.get_running_loop().create_task(self._recover())

    async def stop(self) -> None:
        """Open the breaker and stop probing."""
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
        except Exception as error:  # serving goes on without the store, whatever the error
            return error
        self.is_open = False
        return None
