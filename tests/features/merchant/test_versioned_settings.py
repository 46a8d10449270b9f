from datetime import timedelta

import pytest

from features.catalogue.live_changes import read_revisions
from features.merchant.versioned_settings import MERCHANDISING, VERSIONS_KEPT, StaleRevision
from features.store.connection import Connection

from factories import NOW


async def test_nothing_was_ever_saved(store: Connection) -> None:
    assert await MERCHANDISING.revision(store) == 0
    assert await MERCHANDISING.newest(store) == []


async def test_the_newest_version_comes_first(store: Connection) -> None:
    assert await MERCHANDISING.save(store, b'[{"id":"a"}]', NOW) == 1
    assert (
        await MERCHANDISING.save(store, '[{"id":"„ü“ 茶"}]'.encode(), NOW + timedelta(1), by='„Jo“ "J"') == 2
    )
    newest, older = await MERCHANDISING.newest(store)
    assert newest.saved_by == '„Jo“ "J"'
    assert (newest.revision, newest.saved_at, bytes(newest.settings)) == (
        2,
        NOW + timedelta(1),
        '[{"id":"„ü“ 茶"}]'.encode(),
    )
    assert older.saved_by is None
    assert (older.revision, bytes(older.settings)) == (1, b'[{"id":"a"}]')
    assert [each.revision for each in await MERCHANDISING.newest(store, 1)] == [2]
    assert await MERCHANDISING.revision(store) == 2
    assert await read_revisions(store) == {"merchandising": 2}


async def test_a_stale_revision_changes_nothing(store: Connection) -> None:
    await MERCHANDISING.save(store, b"[]", NOW, revision=0)
    await MERCHANDISING.save(store, b"[1]", NOW, revision=1)
    with pytest.raises(StaleRevision, match="revision 2") as refusal:
        await MERCHANDISING.save(store, b"[2]", NOW, revision=1)
    assert refusal.value.now == 2
    assert [bytes(each.settings) for each in await MERCHANDISING.newest(store)] == [b"[1]", b"[]"]


async def test_old_versions_make_room(store: Connection) -> None:
    for number in range(VERSIONS_KEPT + 3):
        await MERCHANDISING.save(store, b"[%d]" % number, NOW)
    kept = await MERCHANDISING.newest(store)
    assert [each.revision for each in kept] == list(range(VERSIONS_KEPT + 3, 3, -1))


async def test_rules_kept_by_an_earlier_version_are_read(store: Connection) -> None:
    kept = b'{"revision":1,"saved_at":"2026-11-22T12:00:00Z","rules":[{"id":"a","rules":[]}]}'
    await store.call("LPUSH", MERCHANDISING.key, kept)
    assert bytes((await MERCHANDISING.current(store)).settings) == b'[{"id":"a","rules":[]}]'


async def test_before_the_first_version_there_are_no_rules(store: Connection) -> None:
    assert bytes((await MERCHANDISING.current(store)).settings) == b"[]"
