"""What a merchant has set, as it is kept: the newest version, and the ones before it for going back.

What the settings mean is not known here: they are JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from features import keys
from features.connection import Connection
from features.merchandising import StaleRevision

if TYPE_CHECKING:
    import redis

SCRIPT = Path(__file__).with_name("setting_versions.lua").read_text(encoding="utf-8")
VERSIONS_KEPT = 20


class SettingVersion(msgspec.Struct, frozen=True):
    """One version. Revisions count from 1; 0: nothing was ever saved."""

    revision: int = 0
    saved_at: datetime | None = None
    settings: msgspec.Raw = msgspec.Raw(b"{}")


@dataclass(frozen=True)
class SettingVersions:
    """Where one group of settings is kept. name: of its counter; key: of its list of versions."""

    name: str
    key: str

    async def save(
        self, store: Connection, settings: bytes, now: datetime, revision: int | None = None
    ) -> int:
        """Keep settings (JSON) as the newest version; returns its revision.

        revision: the one that the caller changed; None: whatever stands. Raises StaleRevision,
        StoreUnavailable.
        """
        expected = "" if revision is None else revision
        words = (settings, expected, now.isoformat(), VERSIONS_KEPT, self.name)
        saved, standing = await store.call("EVAL", SCRIPT, 2, self.key, keys.revisions(), *words)
        if not saved:
            raise StaleRevision(standing)
        return int(standing)

    async def revision(self, store: Connection) -> int:
        """The one that stands. Raises StoreUnavailable."""
        return int(await store.call("HGET", keys.revisions(), self.name) or 0)

    async def newest(self, store: Connection, limit: int = VERSIONS_KEPT) -> list[SettingVersion]:
        """Newest first. Raises StoreUnavailable."""
        kept = await store.call("LRANGE", self.key, 0, limit - 1)
        return [msgspec.json.decode(version, type=SettingVersion) for version in kept]

    def keep(self, client: redis.Redis, settings: bytes, now: datetime) -> None:
        """As `save`, for a command."""
        words = (settings, "", now.isoformat(), VERSIONS_KEPT, self.name)
        client.eval(SCRIPT, 2, self.key, keys.revisions(), *words)

    def standing(self, client: redis.Redis) -> SettingVersion:
        """The newest, for the worker."""
        return next(iter(self.kept(client, 1)), SettingVersion())

    def kept(self, client: redis.Redis, limit: int = VERSIONS_KEPT) -> list[SettingVersion]:
        """As `newest`, for offline work."""
        found = cast(list[bytes], client.lrange(self.key, 0, limit - 1))
        return [msgspec.json.decode(version, type=SettingVersion) for version in found]


TRIGGER_SETTINGS = SettingVersions("triggers", keys.trigger_settings())
TIER_SETTINGS = SettingVersions("tiers", keys.tier_settings())
OFFER_CATALOGUE = SettingVersions("offers", keys.offer_settings())
EXPERIMENTS = SettingVersions("experiments", keys.experiment_settings())
