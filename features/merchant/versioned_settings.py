"""What a merchant has set, as it is kept: the newest version, and the ones before it for going back.

What the settings mean is not known here: they are JSON.
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

SCRIPT = Path(__file__).with_name("setting_versions.lua").read_text(encoding="utf-8")
VERSIONS_KEPT = 20
OLD_RULES = re.compile(rb'^({"revision":\d+,"saved_at":"[^"]*"),"rules":')


class SettingVersion(msgspec.Struct, frozen=True):
    """One version. Revisions count from 1; 0: nothing was ever saved."""

    revision: int = 0
    saved_at: datetime | None = None
    settings: msgspec.Raw = msgspec.Raw(b"{}")


class StaleRevision(Exception):
    """Somebody saved in between. `now`: the revision that stands."""

    def __init__(self, now: int) -> None:
        super().__init__(f"Somebody changed them in between: they are at revision {now}.")
        self.now = now


@dataclass(frozen=True)
class SettingVersions:
    """Where one group of settings is kept. name: of its counter; key: of its list of versions.

    unset: the settings, as JSON, before any were saved.
    """

    name: str
    key: str
    unset: bytes = b"{}"

    @property
    def before_the_first(self) -> SettingVersion:
        """Revision 0."""
        return SettingVersion(settings=msgspec.Raw(self.unset))

    async def current(self, store: Connection) -> SettingVersion:
        """The version that stands. Raises StoreUnavailable."""
        return next(iter(await self.newest(store, 1)), self.before_the_first)

    async def save(
        self, store: Connection, settings: bytes, now: datetime, revision: int | None = None
    ) -> int:
        """Keep settings (JSON) as the newest version; returns its revision.

        revision: the one that the caller changed; None: whatever stands. Raises StaleRevision,
        StoreUnavailable.
        """
        saved, standing = await store.call("EVAL", *self._saving(settings, now, revision))
        if not saved:
            raise StaleRevision(standing)
        return int(standing)

    async def revision(self, store: Connection) -> int:
        """The one that stands. Raises StoreUnavailable."""
        return int(await store.call("HGET", keys.revisions(), self.name) or 0)

    async def changed_since(self, store: Connection, revision: int) -> SettingVersion | None:
        """The version that stands, None where it is that one. Raises StoreUnavailable."""
        return None if await self.revision(store) == revision else await self.current(store)

    async def newest(self, store: Connection, limit: int = VERSIONS_KEPT) -> list[SettingVersion]:
        """Newest first. Raises StoreUnavailable."""
        return _decoded(await store.call("LRANGE", self.key, 0, limit - 1))

    def keep(self, client: redis.Redis, settings: bytes, now: datetime) -> None:
        """As `save`, for a command."""
        client.eval(*self._saving(settings, now))

    def standing(self, client: redis.Redis) -> SettingVersion:
        """The newest, for the worker."""
        return next(iter(self.kept(client, 1)), self.before_the_first)

    def kept(self, client: redis.Redis, limit: int = VERSIONS_KEPT) -> list[SettingVersion]:
        """As `newest`, for offline work."""
        return _decoded(cast(list[bytes], client.lrange(self.key, 0, limit - 1)))

    def _saving(self, settings: bytes, now: datetime, revision: int | None = None) -> tuple[Any, ...]:
        """What EVAL takes to keep a version."""
        words = (settings, "" if revision is None else revision, now.isoformat(), VERSIONS_KEPT, self.name)
        return (SCRIPT, 2, self.key, keys.revisions(), *words)


def _decoded(versions: Sequence[bytes]) -> list[SettingVersion]:
    """Merchandising rules were once kept under `rules`, where others have `settings`."""
    named = (OLD_RULES.sub(rb'\1,"settings":', version) for version in versions)
    return [msgspec.json.decode(version, type=SettingVersion) for version in named]


TRIGGER_SETTINGS = SettingVersions("triggers", keys.trigger_settings())
TIER_SETTINGS = SettingVersions("tiers", keys.tier_settings())
OFFER_CATALOGUE = SettingVersions("offers", keys.offer_settings())
EXPERIMENTS = SettingVersions("experiments", keys.experiment_settings(), unset=b"[]")
MERCHANDISING = SettingVersions("merchandising", keys.merchandising(), unset=b"[]")
