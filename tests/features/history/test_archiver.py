import json
import resource
import threading
from datetime import UTC, datetime

import msgspec
import polars as pl
import pytest
import redis
from msgspec import structs
from redis.typing import EncodableT, FieldT

from features.events.vocabulary import Event
from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.home import Home
from features.live.ingest import ingest_sync
from features.outgoing.impressions import ExperimentAssignment, ServedRecord
from features.store import keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from factories import NOW, event


def burst(client: redis.Redis, home: Home, settings: StoreSettings) -> None:
    Archiver(client, home, settings).run(burst=True)


def take_in(client: redis.Redis, settings: StoreSettings, *events: Event) -> None:
    assert all(ingest_sync(client, events, NOW, settings))


def archived(home: Home) -> list[str]:
    return sorted(history.scan(home).collect()["event_id"])


def files(home: Home) -> int:
    return len(list(home.events.glob("*/*.parquet")))


def test_the_streams_become_history_and_are_emptied(
    client: redis.Redis, home: Home, settings: StoreSettings
) -> None:
    order = event("purchase", order_id="o-1", customer_id="c", items=[("a", 2, 1.5), ("b", 1, None)])
    take_in(client, settings, order, event("search", event_id="s", query="cake"))
    burst(client, home, settings)
    rows = history.scan(home).sort("type", "line").collect()
    assert rows.select("type", "product_id", "quantity", "order_id").rows() == [
        ("purchase", "a", 2.0, "o-1"),
        ("purchase", "b", 1.0, "o-1"),
        ("search", None, None, None),
    ]
    assert rows["received_at"].unique().to_list() == [NOW]
    assert client.xlen(keys.event_stream()) == 0
    assert client.xpending(keys.event_stream(), "archiver")["pending"] == 0


def test_batches_become_a_file_each(client: redis.Redis, home: Home) -> None:
    small = StoreSettings(redis_url=None, archive_batch_events=4)
    take_in(client, small, *[event() for _ in range(10)])
    burst(client, home, small)
    assert (len(archived(home)), files(home)) == (10, 3)


def test_killed_between_writing_and_acknowledging_it_writes_the_same_file_again(
    own_redis: RedisServer, home: Home, settings: StoreSettings
) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        take_in(client, settings, event(event_id="a"), event(event_id="b"))
        client.acl_setuser("dying", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-xack"])
        url = own_redis.url.replace("unix://", "unix://dying:any@")
        with redis.Redis.from_url(url) as dying, pytest.raises(redis.exceptions.NoPermissionError):
            burst(dying, home, settings)
        assert (archived(home), client.xlen(keys.event_stream())) == (["a", "b"], 2)
        take_in(client, settings, event(event_id="c"))
        burst(client, home, settings)
        assert (archived(home), files(home), client.xlen(keys.event_stream())) == (["a", "b", "c"], 2, 0)


def test_a_full_disk_leaves_events_in_the_stream(
    client: redis.Redis, home: Home, settings: StoreSettings
) -> None:
    take_in(client, settings, event(event_id="a"))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))  # bytes a file: ends as a full disk does
    try:
        with pytest.raises((OSError, pl.exceptions.PolarsError), match="File too large"):
            burst(client, home, settings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert (archived(home), client.xlen(keys.event_stream())) == ([], 1)
    assert not [path for path in home.events.rglob("*") if path.suffix in {".partial", ".parquet"}]
    burst(client, home, settings)
    assert (archived(home), client.xlen(keys.event_stream())) == (["a"], 0)


def test_poison_is_set_aside_with_its_reason(
    client: redis.Redis, home: Home, settings: StoreSettings
) -> None:
    take_in(client, settings, event(event_id="good"))
    poisonous: list[dict[FieldT, EncodableT]] = [
        {"e": b"\xff{"},
        {"e": b'{"type":"dance"}', "r": "1"},
        {"x": "y"},
    ]
    poisonous += [{"e": json.dumps({"type": "view"}), "r": "soon"}]
    for fields in poisonous:
        client.xadd(keys.event_stream(), fields)
    burst(client, home, settings)
    assert archived(home) == ["good"]
    assert client.xlen(keys.event_stream()) == 0
    (file,) = (home.root / "poison").glob("*.jsonl")
    poison = [json.loads(line) for line in file.read_text().splitlines()]
    assert [len(each["reason"]) > 10 for each in poison] == [True] * len(poisonous)
    assert "Invalid enum value 'dance'" in poison[1]["reason"]
    assert poison[2]["fields"] == {"x": "y"}


@pytest.mark.parametrize("year", [1, 1969, 1970, 9999])
def test_an_impossible_time_is_set_aside(
    client: redis.Redis, home: Home, settings: StoreSettings, year: int
) -> None:
    take_in(client, settings, event(event_id="good"))
    odd = structs.replace(event(), timestamp=datetime(year, 1, 1, tzinfo=UTC))
    client.xadd(keys.event_stream(), {"e": msgspec.json.encode(odd), "r": int(NOW.timestamp() * 1000)})
    burst(client, home, settings)
    assert archived(home) == ["good"]
    (file,) = (home.root / "poison").glob("*.jsonl")
    assert "before 1990 or in the future" in file.read_text()


def test_a_flushed_store_is_drained_again(client: redis.Redis, home: Home, settings: StoreSettings) -> None:
    take_in(client, settings, event(event_id="a"))
    burst(client, home, settings)
    client.flushall()
    take_in(client, settings, event(event_id="b"))
    burst(client, home, settings)
    assert archived(home) == ["a", "b"]


def test_served_recommendations_are_kept(client: redis.Redis, home: Home, settings: StoreSettings) -> None:
    record = {
        "recommendation_id": "r-1",
        "at": NOW.isoformat(),
        "placement": "home",
        "product_ids": ["a", "b"],
    }
    client.xadd(keys.served_stream(), {"s": json.dumps([record])})
    client.xadd(keys.served_stream(), {"s": "{}"})
    burst(client, home, settings)
    table = pl.read_parquet(home.served / "*" / "*.parquet")
    assert table.select("recommendation_id", "at", "product_ids").rows() == [("r-1", NOW, ["a", "b"])]
    fields = {*ServedRecord.__struct_fields__, *ExperimentAssignment.__struct_encode_fields__} - {"treated"}
    assert set(table.columns) == fields
    assert table.select("experiment", "held_out", "holdout").rows() == [(None, False, 0.0)]


def test_the_experiment_of_a_served_recommendation_is_kept(
    client: redis.Redis, home: Home, settings: StoreSettings
) -> None:
    treated = ExperimentAssignment("x-1", "e1", "b", 0.5, False, 0.05)
    record = ServedRecord("r-1", NOW, "home", ("a",), customer_id="ann", treated=treated)
    client.xadd(keys.served_stream(), {"s": msgspec.json.encode([record])})
    burst(client, home, settings)
    table = pl.read_parquet(home.served / "*" / "*.parquet")
    assert table.select(ExperimentAssignment.__struct_encode_fields__).rows() == [
        ("x-1", "e1", "b", 0.5, False, 0.05)
    ]
    assert client.xlen(keys.served_stream()) == 0


def test_entries_dropped_by_a_full_stream_are_skipped(
    client: redis.Redis, home: Home, settings: StoreSettings
) -> None:
    for number in range(3):
        record = ServedRecord(f"r-{number}", NOW, "home", ("a",))
        client.xadd(keys.served_stream(), {"s": msgspec.json.encode([record])})
    client.xgroup_create(keys.served_stream(), "archiver", id="0")
    client.xreadgroup("archiver", "archiver", {keys.served_stream(): ">"})
    client.xtrim(keys.served_stream(), maxlen=1, approximate=False)
    burst(client, home, settings)
    table = pl.read_parquet(home.served / "*" / "*.parquet")
    assert table["recommendation_id"].to_list() == ["r-2"]
    assert not (home.root / "poison").exists()
    assert client.xpending(keys.served_stream(), "archiver")["pending"] == 0


def test_the_endless_run_archives_until_it_is_stopped(client: redis.Redis, home: Home) -> None:
    eager = StoreSettings(redis_url=None, archive_interval_s=0.001)
    stop = threading.Event()
    running = threading.Thread(target=Archiver(client, home, eager).run, kwargs={"stop": stop})
    take_in(client, eager, event(event_id="a"))
    running.start()
    try:
        pause = threading.Event()
        for _ in range(500):
            if archived(home) == ["a"]:
                break
            pause.wait(0.01)
        assert archived(home) == ["a"]
    finally:
        stop.set()
        running.join(timeout=10)
    assert not running.is_alive()


def test_a_few_recent_events_wait_for_a_full_batch(client: redis.Redis, home: Home) -> None:
    patient = StoreSettings(redis_url=None, archive_interval_s=3_600)
    stop = threading.Event()
    take_in(client, patient, event())
    threading.Timer(0.2, stop.set).start()
    Archiver(client, home, patient).run(stop=stop)
    assert (files(home), client.xlen(keys.event_stream())) == (0, 1)
