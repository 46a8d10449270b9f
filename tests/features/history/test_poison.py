"""One bad record or file ends nothing: it is set aside with its reason, and can be replayed."""

import msgspec
import polars as pl
import pytest
import redis

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.history.damaged_files import despite_damage
from features.history.poison import poisoned, replay
from features.home import Home
from features.live.ingest import ingest_sync
from features.store import keys
from features.store.settings import StoreSettings

from factories import NOW, event

RECEIVED = int(NOW.timestamp() * 1000)
GOOD = {"type": "view", "event_id": "e", "timestamp": NOW.isoformat(), "product_id": "a"}


def deep(levels: int) -> bytes:
    return b'{"x":' * levels + b"1" + b"}" * levels


def with_properties(properties: bytes) -> bytes:
    return msgspec.json.encode({**GOOD, "properties": msgspec.Raw(properties)})


@pytest.mark.parametrize(
    "entry",
    [
        with_properties(deep(100_000)),
        msgspec.json.encode({**GOOD, "timestamp": "0001-01-01T00:00:00+14:00"}),
        msgspec.json.encode({**GOOD, "timestamp": "0001-01-01T00:00:00"}),
        b"\xff\xfe",
        b"",
    ],
    ids=["deep", "before year 1", "year 1", "no text", "empty"],
)
def test_one_bad_entry_is_set_aside_and_the_others_are_archived(
    client: redis.Redis, home: Home, settings: StoreSettings, entry: bytes
) -> None:
    ingest_sync(client, [event(event_id="before")], NOW, settings)
    client.xadd(keys.event_stream(), {"e": entry, "r": RECEIVED})
    ingest_sync(client, [event(event_id="after")], NOW, settings)
    Archiver(client, home, settings).run(burst=True)
    assert sorted(history.scan(home).collect()["event_id"]) == ["after", "before"]
    ((_, bad, reason),) = poisoned(home)
    assert bad
    assert bad.entry()["e"] == entry
    assert len(reason) > 5


def test_what_was_set_aside_is_replayed_once_it_can_be_read(
    client: redis.Redis, home: Home, settings: StoreSettings
) -> None:
    client.xadd(keys.event_stream(), {"e": b'{"type": "dance"}', "r": RECEIVED})
    client.xadd(keys.event_stream(), {"e": b"\xff", "r": RECEIVED})
    Archiver(client, home, settings).run(burst=True)
    (file,) = home.poison.glob("*.jsonl")
    corrected = msgspec.json.encode(msgspec.json.encode(GOOD).decode()).decode()
    wrong = msgspec.json.encode('{"type": "dance"}').decode()
    file.write_text(file.read_text().replace(wrong, corrected))
    assert replay(home, client) == 2
    Archiver(client, home, settings).run(burst=True)
    assert history.scan(home).collect()["event_id"].to_list() == ["e"]
    ((_, bad, _),) = poisoned(home)
    assert bad
    assert bad.entry()["e"] == b"\xff"


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_file_of_the_history_is_set_aside(
    client: redis.Redis, home: Home, settings: StoreSettings, damage: str
) -> None:
    for name in ("a", "b"):
        ingest_sync(client, [event(event_id=name)], NOW, settings)
        Archiver(client, home, settings).run(burst=True)
    path = sorted(home.events.glob("*/*.parquet"))[0]
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[:-9],
            "flipped": whole[:-40] + b"\xff" * 32 + whole[-8:],
            "empty": b"",
            "text": b"hello",
        }[damage]
    )
    rows = despite_damage(home, lambda: history.scan(home).collect())
    assert rows["event_id"].to_list() == ["b"]
    ((aside, entry, reason),) = poisoned(home)
    assert entry is None
    assert reason
    aside.write_bytes(whole)
    assert replay(home, client) == 1
    assert sorted(history.scan(home).collect()["event_id"]) == ["a", "b"]


def test_work_that_fails_over_something_else_fails(home: Home) -> None:
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        despite_damage(home, lambda: history.scan(home).select("no such").collect())
