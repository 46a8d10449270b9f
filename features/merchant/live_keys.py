"""The API keys that a running process accepts: the newer of its home's file and Redis' copy."""

import asyncio
import logging

from features.home import Home
from features.merchant.api_keys import (
    Keys,
    KeysUnavailable,
    exchange_command,
    exchange_reply,
    keep_newest,
    read_keys,
)
from features.merchant.key_file import stamp
from features.store import keys
from features.store.connection import Connection
from features.store.files import Stamp

logger = logging.getLogger(__name__)


class LiveKeys:
    """current: None until the file or Redis gave the keys; kept while neither can be read."""

    def __init__(self, home: Home) -> None:
        self.current: Keys | None = None
        self._home = home
        self._file_stamp: Stamp | None = None
        self._problem = ""  # with the file

    async def refresh(self, store: Connection) -> None:
        """Take newer keys from the file or Redis; give Redis ours if they are newer.

        Raises StoreUnavailable.
        """
        self._read_changed_file()
        revision = int(await store.call("HGET", keys.revisions(), "keys") or 0)
        if self.current is not None and self.current.revision == revision:
            return
        copy = exchange_reply(await store.call("EVAL", *exchange_command(self.current)))
        if self.current is None and self._problem and copy.revision == 0:
            return  # the file cannot be read, and an empty store says nothing about its keys
        if self.current is None or copy.revision > self.current.revision:
            self.current = await asyncio.to_thread(self._store, copy)

    def _read_changed_file(self) -> None:
        """Read the file if it has changed."""
        try:
            file_stamp = stamp(self._home)
            if file_stamp is None or file_stamp == self._file_stamp:
                return
            own = read_keys(self._home)
        except (OSError, KeysUnavailable) as error:
            self._report(error)
            return
        self._file_stamp, self._problem = file_stamp, ""
        if own is not None and (self.current is None or own.revision > self.current.revision):
            self.current = own

    def _store(self, copy: Keys) -> Keys:
        try:
            return keep_newest(self._home, copy)
        except (OSError, KeysUnavailable) as error:
            self._report(error)
            return copy

    def _report(self, error: Exception) -> None:
        if str(error) != self._problem:
            logger.warning("the home's keys cannot be read or kept: %s", error)
        self._problem = str(error)
