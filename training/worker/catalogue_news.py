"""Products and texts that no model has learned from yet."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, cast

from features.catalogue.live_changes import all_changes
from features.catalogue.products import load_products, merge_live
from features.home import Home
from features.store import keys
from training.data.products import texts_digest

if TYPE_CHECKING:
    import redis

READ_S = 20.0  # between two readings of a catalogue whose prices change all the time


class CatalogueNews:
    """The catalogue's texts as of now, read again only where it changed. every_s: at most so often."""

    def __init__(self, client: redis.Redis, home: Home, every_s: float = READ_S) -> None:
        self._client, self._home, self._every_s = client, home, every_s
        self._read_at, self._digest = -every_s, ""
        self._seen: tuple[bytes | None, float] | None = None

    def digest(self) -> str:
        """`texts_digest` of the files with the live changes, which go to disk here, as before a training."""
        if monotonic() - self._read_at < self._every_s:
            return self._digest
        self._read_at = monotonic()
        revision = cast("bytes | None", self._client.hget(keys.revisions(), "catalogue"))
        if (revision, self._written()) != self._seen:
            merge_live(self._home, all_changes(self._client), datetime.now(UTC))
            self._digest = texts_digest(load_products(self._home))
            self._seen = revision, self._written()
        return self._digest

    def _written(self) -> float:
        return max((path.stat().st_mtime for path in self._home.catalog.glob("*.parquet")), default=0.0)
