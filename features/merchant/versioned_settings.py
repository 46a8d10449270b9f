"""Versions of a merchant's settings in Redis: the newest one, and earlier ones to go back to.

The settings are JSON, and are not interpreted here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from features.store import keys
from features.store.connection import Connection

if TYPE_CHECKING:
    import redis

SAVE_SCRIPT = Path(__file__).with_name("setting_versions.lua").read_text(encoding="utf-8")
VERSIONS_KEPT = 20
OLD_RULES = re.compile(rb'^({"revision":\d+,"saved_at":"[^"]*"),"rules":')


class SettingVersion(msgspec.Struct, frozen=True):
    """One version of settings. Revisions count from 1; 0: nothing was saved yet.

    saved_by: the name of a key or of a person; None: not known.
    """

    revision: int = 0
    saved_at: datetime | None = None
    saved_by: str | None = None
    settings: msgspec.Raw = msgspec.Raw(b"{}")


class StaleRevision(Exception):
    """The settings were saved by somebody else meanwhile. now: the current revision."""

    def __init__(self, now: int) -> None:
        super().__init__(f"Somebody changed them in between: they are at revision {now}.")
        self.now = now


@dataclass(frozen=True)
class SettingVersions:
    """The versions of one group of settings.

    name: its field in the revisions; key: Redis key of its versions; unset: JSON before the first save.
    """

    name: str
    key: str
    unset: bytes = b"{}"

    @property
    def initial(self) -> SettingVersion:
        """Revision 0."""
        return SettingVersion(settings=msgspec.Raw(self.unset))

    async def current(self, store: Connection) -> SettingVersion:
        """The newest version. Raises StoreUnavailable."""
        return next(iter(await self.newest(store, 1)), self.initial)

    async def save(
        self,
        store: Connection,
        settings: bytes,
        now: datetime,
        revision: int | None = None,
        by: str | None = None,
    ) -> int:
        """Save settings (JSON) as the newest version; returns its revision.

        revision: the one that the caller edited; None: any. by: who saves them.
        Raises StaleRevision, StoreUnavailable.
        """
        saved, current = await store.call("EVAL", *self._saving(settings, now, revision, by))
        if not saved:
            raise StaleRevision(current)
        return int(current)

    async def revision(self, store: Connection) -> int:
        """The current revision. Raises StoreUnavailable."""
        return int(await store.call("HGET", keys.revisions(), self.name) or 0)

    async def changed_since(self, store: Connection, revision: int) -> SettingVersion | None:
        """The version that stands, None where it is that one. Raises StoreUnavailable."""
        return None if await self.revision(store) == revision else await self.current(store)

    async def newest(self, store: Connection, limit: int = VERSIONS_KEPT) -> list[SettingVersion]:
        """The newest versions, newest first. Raises StoreUnavailable."""
        return _decoded(await store.call("LRANGE", self.key, 0, limit - 1))

    def save_sync(self, client: redis.Redis, settings: bytes, now: datetime) -> None:
        """As `save` without an expected revision, for offline work."""
        client.eval(*self._saving(settings, now))

    def current_sync(self, client: redis.Redis) -> SettingVersion:
        """As `current`, for offline work."""
        return next(iter(self.newest_sync(client, 1)), self.initial)

    def newest_sync(self, client: redis.Redis, limit: int = VERSIONS_KEPT) -> list[SettingVersion]:
        """As `newest`, for offline work."""
        return _decoded(cast(list[bytes], client.lrange(self.key, 0, limit - 1)))

    def _saving(
        self, settings: bytes, now: datetime, revision: int | None = None, by: str | None = None
    ) -> tuple[Any, ...]:
        """What EVAL takes to keep a version."""
        words = (settings, "" if revision is None else revision, now.isoformat(), VERSIONS_KEPT, self.name)
        return (SAVE_SCRIPT, 2, self.key, keys.revisions(), *words, msgspec.json.encode(by))


def _decoded(versions: Sequence[bytes]) -> list[SettingVersion]:
    """Parse a version; early merchandising rules are in a field `rules` instead of `settings`."""
    named = (OLD_RULES.sub(rb'\1,"settings":', version) for version in versions)
    return [msgspec.json.decode(version, type=SettingVersion) for version in named]


TRIGGER_SETTINGS = SettingVersions("triggers", keys.trigger_settings())
TIER_SETTINGS = SettingVersions("tiers", keys.tier_settings())
NON_PRODUCTS = SettingVersions("non_products", keys.non_product_settings())
OFFER_CATALOGUE = SettingVersions("offers", keys.offer_settings())
EXPERIMENTS = SettingVersions("experiments", keys.experiment_settings(), unset=b"[]")
MERCHANDISING = SettingVersions("merchandising", keys.merchandising(), unset=b"[]")
