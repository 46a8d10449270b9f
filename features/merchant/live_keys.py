"""The keys as a running API process knows them: the newer of its home's file and Redis' copy."""

from __future__ import annotations

import asyncio
import logging

from features.home import Home
from features.merchant.api_keys import Keys, KeysUnknown, exchange_words, exchanged, keep_newest, read_keys
from features.merchant.key_file import Stamp, stamp
from features.store import keys
from features.store.connection import Connection

logger = logging.getLogger(__name__)


class LiveKeys:
    """Known once the file or Redis has told them, and from then on whatever goes away."""

    def __init__(self, home: Home) -> None:
        self.known: Keys | None = None
        self._home = home
        self._seen: Stamp | None = None
        self._problem = ""  # of the file

    async def refresh(self, store: Connection) -> None:
        """Take over what has changed, and leave with Redis what it does not know. Raises StoreUnavailable."""
        self._look()
        standing = int(await store.call("HGET", keys.revisions(), "keys") or 0)
        if self.known is not None and self.known.revision == standing:
            return
        copy = exchanged(await store.call("EVAL", *exchange_words(self.known)))
        if self.known is None and self._problem and copy.revision == 0:
            return  # an empty store does not tell what stands in a file that cannot be read
        if self.known is None or copy.revision > self.known.revision:
            self.known = await asyncio.to_thread(self._keep, copy)

    def _look(self) -> None:
        """Read the file if it has changed."""
        try:
            seen = stamp(self._home)
            if seen is None or seen == self._seen:
                return
            own = read_keys(self._home)
        except (OSError, KeysUnknown) as error:
            self._tell(error)
            return
        self._seen, self._problem = seen, ""
        if own is not None and (self.known is None or own.revision > self.known.revision):
            self.known = own

    def _keep(self, copy: Keys) -> Keys:
        try:
            return keep_newest(self._home, copy)
        except (OSError, KeysUnknown) as error:
            self._tell(error)
            return copy

    def _tell(self, error: Exception) -> None:
        if str(error) != self._problem:
            logger.warning("the home's keys cannot be read or kept: %s", error)
        self._problem = str(error)
