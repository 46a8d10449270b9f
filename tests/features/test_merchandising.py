from __future__ import annotations

from datetime import timedelta

import pytest

from features.connection import Connection
from features.live_catalogue import read_revisions
from features.merchandising import (
    VERSIONS_KEPT,
    StaleRevision,
    save_rules,
    saved_revision,
    saved_versions,
)

from factories import NOW


async def test_nothing_was_ever_saved(store: Connection) -> None:
    assert await saved_revision(store) == 0
    assert await saved_versions(store) == []


async def test_the_newest_version_comes_first(store: Connection) -> None:
    assert await save_rules(store, b'[{"id":"a"}]', NOW) == 1
    assert await save_rules(store, '[{"id":"„ü“ 茶"}]'.encode(), NOW + timedelta(1)) == 2
    newest, older = await saved_versions(store)
    assert (newest.revision, newest.saved_at, bytes(newest.rules)) == (
        2,
        NOW + timedelta(1),
        '[{"id":"„ü“ 茶"}]'.encode(),
    )
    assert (older.revision, bytes(older.rules)) == (1, b'[{"id":"a"}]')
    assert [each.revision for each in await saved_versions(store, 1)] == [2]
    assert (
        await read_revisions(store) == {"merchandising": 2} == {"merchandising": await saved_revision(store)}
    )


async def test_a_stale_revision_changes_nothing(store: Connection) -> None:
    await save_rules(store, b"[]", NOW, revision=0)
    await save_rules(store, b"[1]", NOW, revision=1)
    with pytest.raises(StaleRevision, match="revision 2") as refusal:
        await save_rules(store, b"[2]", NOW, revision=1)
    assert refusal.value.now == 2
    assert [bytes(each.rules) for each in await saved_versions(store)] == [b"[1]", b"[]"]


async def test_old_versions_make_room(store: Connection) -> None:
    for number in range(VERSIONS_KEPT + 3):
        await save_rules(store, b"[%d]" % number, NOW)
    kept = await saved_versions(store)
    assert [each.revision for each in kept] == list(range(VERSIONS_KEPT + 3, 3, -1))
