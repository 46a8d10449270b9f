"""When the worker trains again."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from msgspec import structs

from features.home import Home
from features.store.trainings import ask_training, asked_training, last_training
from recommender.model import versions
from recommender.model.bundle_files import write_bundle
from training.worker import worker
from training.worker.catalogue_news import CatalogueNews
from training.worker.worker import training_is_due

from bundles import NOW, VERSION, small_bundle, write_small
from waiting import eventually

DAY = timedelta(days=1)


def history_of_age(home: Home, age: timedelta) -> None:
    path = home.events / "2026-11-22" / "some.parquet"
    path.parent.mkdir(exist_ok=True)
    path.touch()
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))


def trained(home: Home, **fields: Any) -> None:
    """A model whose manifest says something else than the small one's."""
    bundle = small_bundle()
    manifest = structs.replace(bundle.manifest, **fields)
    versions.seal(
        home.models, VERSION, write_bundle(home.models / VERSION, manifest, bundle.tables, bundle.index)
    )


def test_nothing_to_train_on_is_not_due(home: Home) -> None:
    assert not training_is_due(home, NOW, None, DAY)


def test_a_history_without_a_model_is_due_at_once(home: Home) -> None:
    history_of_age(home, timedelta())
    assert training_is_due(home, NOW, None, DAY)


@pytest.mark.parametrize(
    ("now", "history", "due"),
    [
        (NOW + DAY / 2, timedelta(hours=-1), False),  # the model is young
        (NOW + DAY, timedelta(hours=-1), True),
        (NOW + DAY, timedelta(hours=1), False),  # nothing new since
    ],
)
def test_an_old_model_is_replaced_when_there_is_something_new(
    home: Home, now: datetime, history: timedelta, due: bool
) -> None:
    write_small(home.models)
    history_of_age(home, history)
    assert training_is_due(home, now, None, DAY) == due


def test_a_catalogue_alone_is_due_at_once(home: Home) -> None:
    assert training_is_due(home, NOW, None, DAY, "texts")


@pytest.mark.parametrize(("age", "texts", "due"), [(20, "new", False), (50, "new", True), (50, "old", False)])
def test_new_texts_are_learned_within_a_minute_in_a_fifth_of_the_time(
    home: Home, age: int, texts: str, due: bool
) -> None:
    """The last training took ten seconds."""
    trained(home, settings={"texts": "old", "seconds": 10.0})
    assert training_is_due(home, NOW + timedelta(seconds=age), None, DAY, texts) == due


def test_the_first_orders_do_not_wait_for_a_day(home: Home) -> None:
    trained(home, orders=0)
    history_of_age(home, timedelta(hours=-1))
    assert training_is_due(home, NOW + timedelta(minutes=1), None, DAY)


def test_after_a_failure_it_waits_as_long(home: Home) -> None:
    history_of_age(home, timedelta())
    assert not training_is_due(home, NOW, NOW - DAY / 2, DAY)
    assert training_is_due(home, NOW, NOW - DAY, DAY)


def test_the_history_folder_may_hold_other_files(home: Home, tmp_path: Path) -> None:
    (home.events / "note.txt").touch()
    assert not training_is_due(home, NOW, None, DAY)


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b'{"version": "x"}', b"\xff\x00", b"[" * 100_000])
def test_a_damaged_manifest_of_an_old_version_ends_no_retraining(home: Home, damage: bytes) -> None:
    old = "2026-01-01T10-00-00Z"
    write_small(home.models, old)
    write_small(home.models)
    (home.models / old / "manifest.json").write_bytes(damage)
    history_of_age(home, timedelta(hours=-1))
    assert training_is_due(home, NOW + DAY, None, DAY)
    assert [each.version for each in versions.manifests(home.models)] == [VERSION]


def test_what_was_asked_for_is_tried_once_whatever_is_due(
    home: Home, client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "RETRAIN_CHECK_S", 0.05)
    ask_training(home, NOW, "Jo")
    stop = threading.Event()
    watch = threading.Thread(
        target=worker._retrain, args=(home, redis_url, DAY, CatalogueNews(client, home), stop)
    )
    watch.start()
    eventually(lambda: (home.state / "training.json").exists() and asked_training(home) is None, 120)
    eventually(lambda: (last := last_training(home)) is not None and last.ended_at is not None, 120)
    stop.set()
    watch.join()
    last = last_training(home)
    assert last
    assert (last.published, "orders" in (last.problem or "")) == (False, True)
