"""A home of the version before is read, or refused with the command that helps; see tests/homes/README.md."""

import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.home import Home
from features.live.shopper_state import fold
from features.merchant.api_keys import list_keys
from features.store import keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from features.upkeep.rebuild import rebuild
from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from training.privacy.erase import erase

from serving import ROOT, perennial


@pytest.fixture
def old_home(home: Home) -> Home:
    with tarfile.open(ROOT / "tests" / "homes" / "schema-4.tar.gz") as packed:
        packed.extractall(home.root, filter="data")
    return home


@pytest.fixture
def old_redis(old_home: Home, settings: StoreSettings) -> Iterator[redis.Redis]:
    with RedisServer(old_home, settings) as server, redis.Redis.from_url(server.url) as client:
        yield client


def test_events_of_before_are_kept(old_home: Home, old_redis: redis.Redis, settings: StoreSettings) -> None:
    Archiver(old_redis, old_home, settings).run(burst=True)
    assert sorted(history.scan(old_home).collect()["event_id"]) == ["old-1", "old-2", "old-3"]


def test_keys_move_into_the_home(old_home: Home, old_redis: redis.Redis) -> None:
    assert [(key.scope, key.name) for key in list_keys(old_home, old_redis)] == [("secret", "server")]
    assert (old_home.root / "keys.json").is_file()


def test_live_logs_of_before_are_not_read_and_come_back_by_a_rebuild(
    old_home: Home, old_redis: redis.Redis, settings: StoreSettings
) -> None:
    log = keys.shopper_log("ann", identified=True)
    assert not old_redis.exists(log)
    rebuild(old_home, old_redis, settings, datetime.now(UTC))
    entries: Any = old_redis.lrange(log, 0, -1)
    state = fold(entries)
    assert (state.viewed, state.cart, len(state.purchases)) == (("tea",), {"mug": 1.0}, 1)


def test_what_another_version_kept_is_erased_too(
    old_home: Home, old_redis: redis.Redis, settings: StoreSettings
) -> None:
    def named() -> list[bytes]:
        return [key for key in old_redis.scan_iter() if key.endswith((b":ann", b":a-1"))]

    assert len(named()) > 2
    assert erase(old_home, old_redis, settings, "ann").removed == ("2026-11-22T10-00-00Z",)
    assert erase(old_home, old_redis, settings, "ann").removed == ()
    assert named() == []


def test_a_model_of_before_is_refused_with_what_helps(old_home: Home, tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="train again"):
        versions.load_current(old_home.models)
    asked = perennial("doctor", "--home", str(old_home.root), "--json")
    said, _ = asked.communicate(timeout=120)
    assert asked.returncode == 1
    assert "perennial train" in said
