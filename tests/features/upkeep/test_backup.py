"""A backup of a served home is whole, damage is refused, and a home that is there is not overwritten.

Covers features/upkeep/restore.py, too.
"""

import gzip
import io
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import redis

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.home import Home
from features.live.ingest import ingest_sync
from features.people.kept_emails import begin_keeping, email_seal, emails_of, put_emails
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from features.store.tombstones import add_tombstones, read_tombstones
from features.upkeep.backup import back_up
from features.upkeep.restore import CannotRestore, restore
from recommender.model import versions

from bundles import write_small
from factories import event

NOW = datetime.now(UTC)


@pytest.fixture
def served(home: Home, settings: StoreSettings) -> Iterator[redis.Redis]:
    """The home's own Redis."""
    write_small(home.models)
    with RedisServer(home, settings) as server, redis.Redis.from_url(server.url) as client:
        yield client


def backup_of(home: Home) -> bytes:
    target = io.BytesIO()
    back_up(home, target, NOW)
    return target.getvalue()


def put_back(content: bytes, home: Home, **options: bool) -> Home:
    restore(home, io.BytesIO(content), NOW, **options)
    return home


def event_ids(home: Home, settings: StoreSettings) -> list[str]:
    """Of the history, once what waits in its Redis is there, too."""
    with RedisServer(home, settings) as server, redis.Redis.from_url(server.url) as client:
        Archiver(client, home, settings).run(burst=True)
    return sorted(history.scan(home).collect()["event_id"])


def test_a_backup_of_a_busy_home_loses_nothing_that_was_acknowledged(
    home: Home, served: redis.Redis, settings: StoreSettings, tmp_path: Path
) -> None:
    acknowledged: list[str] = []
    stop = threading.Event()

    def shop() -> None:
        while not stop.is_set():
            one = event()
            if all(ingest_sync(served, [one], NOW, settings)):
                acknowledged.append(one.event_id)
            if len(acknowledged) % 50 == 0:
                Archiver(served, home, settings).run(burst=True)

    shopping = threading.Thread(target=shop)
    shopping.start()
    while len(acknowledged) < 200:
        pass
    before = len(acknowledged)
    content = backup_of(home)
    stop.set()
    shopping.join()
    restored = event_ids(put_back(content, Home(tmp_path / "other")), settings)
    assert set(acknowledged[:before]) <= set(restored) <= set(acknowledged)
    assert len(restored) == len(set(restored))
    assert versions.load_current(tmp_path / "other" / "models")


def unpacked(packed: bytes) -> bytes | None:
    """What it holds; None of a damaged one."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None


def test_damage_is_refused_and_changes_nothing(home: Home, served: redis.Redis, tmp_path: Path) -> None:
    content, random = backup_of(home), Random(7)
    target = Home(tmp_path / "other")
    for _ in range(40):
        broken = bytearray(content)
        place = random.randrange(12, len(broken) - 8)
        broken[place] ^= 1 << random.randrange(8)
        if random.random() < 0.3:
            broken = broken[:place]
        elif unpacked(bytes(broken)) == gzip.decompress(content):
            continue  # a bit that fills the last byte of the compressed stream
        with pytest.raises(CannotRestore, match="take another copy"):
            put_back(bytes(broken), target)
    assert not target.root.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_home_that_is_there_is_moved_aside_and_only_by_force(
    home: Home, served: redis.Redis, tmp_path: Path
) -> None:
    content = backup_of(home)
    other = Home(tmp_path / "other")
    (other.events / "mine").mkdir()
    with pytest.raises(CannotRestore, match="--force"):
        put_back(content, other)
    put_back(content, other, force=True)
    (aside,) = tmp_path.glob("other.before-*")
    assert (aside / "events" / "mine").is_dir()
    assert versions.load_current(other.models)


def test_who_was_erased_since_stays_so(home: Home, client: redis.Redis) -> None:
    add_tombstones(home, client, [("customer", "early")])
    target = io.BytesIO()
    back_up(home, target, NOW, live=False)
    content = target.getvalue()
    add_tombstones(home, client, [("customer", "late")])
    put_back(content, home, force=True)
    tombstones = read_tombstones(home)
    assert all(tombstones.holds("customer", name) for name in ("early", "late"))


def test_kept_addresses_come_back_with_their_key(home: Home, tmp_path: Path) -> None:
    begin_keeping(home)
    seal = email_seal(home)
    assert seal
    put_emails(home, [("c-1", "ann", seal.sealed("c-1", "ann@shop.example"))])
    restored = put_back(backup_of(home), Home(tmp_path / "restored"))
    assert emails_of(restored) == {"ann": "ann@shop.example"}


def test_a_database_that_is_written_to_is_whole_in_the_backup(home: Home, tmp_path: Path) -> None:
    (home.root / "outbound").mkdir(parents=True)
    with closing(sqlite3.connect(home.root / "outbound" / "klaviyo.sqlite")) as database:
        database.execute("CREATE TABLE letters (id TEXT)")
        database.execute("INSERT INTO letters VALUES ('sent')")
        database.commit()
        database.execute("INSERT INTO letters VALUES ('on its way')")  # in the journal, not committed
        content = backup_of(home)
    restored = put_back(content, Home(tmp_path / "restored"))
    assert [path.name for path in (restored.root / "outbound").iterdir()] == ["klaviyo.sqlite"]
    with closing(sqlite3.connect(restored.root / "outbound" / "klaviyo.sqlite")) as database:
        assert database.execute("SELECT id FROM letters").fetchall() == [("sent",)]
