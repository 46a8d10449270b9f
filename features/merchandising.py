"""The merchant's rules as they are kept: the newest version, and the ones before it for going back.

What a rule means is the recommender's business; here rules are JSON.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from features import keys
from features.connection import Connection

SCRIPT = Path(__file__).with_name("merchandising.lua").read_text(encoding="utf-8")
VERSIONS_KEPT = 20


class SavedRules(msgspec.Struct, frozen=True):
    """One version. Revisions count from 1; 0: nothing was ever saved."""

    revision: int = 0
    saved_at: datetime | None = None
    rules: msgspec.Raw = msgspec.Raw(b"[]")


class StaleRevision(Exception):
    """Somebody saved in between. `now`: the revision that stands."""

    def __init__(self, now: int) -> None:
        super().__init__(f"Somebody changed them in between: they are at revision {now}.")
        self.now = now


async def save_rules(store: Connection, rules: bytes, now: datetime, revision: int | None = None) -> int:
    """Keep rules (a JSON array) as the newest version; returns its revision.

    revision: the one that the caller changed; None: whatever stands. Raises StaleRevision, StoreUnavailable.
    """
    expected = "" if revision is None else revision
    words = (rules, expected, now.isoformat(), VERSIONS_KEPT)
    saved, standing = await store.call("EVAL", SCRIPT, 2, keys.merchandising(), keys.revisions(), *words)
    if not saved:
        raise StaleRevision(standing)
    return int(standing)


async def saved_revision(store: Connection) -> int:
    """The revision that stands. Raises StoreUnavailable."""
    return int(await store.call("HGET", keys.revisions(), "merchandising") or 0)


async def saved_versions(store: Connection, limit: int = VERSIONS_KEPT) -> list[SavedRules]:
    """The newest versions, newest first. Raises StoreUnavailable."""
    kept = await store.call("LRANGE", keys.merchandising(), 0, limit - 1)
    return [msgspec.json.decode(version, type=SavedRules) for version in kept]
