"""A person is gone: no byte of any file, no key of Redis, and no way back.

Covers features/privacy/, features/store/tombstones.py and recommender/model/forget_customers.py, too.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import redis
from msgspec.structs import replace

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.history.poison import set_aside_file
from features.home import Home
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.live.ingest import ingest_sync
from features.privacy.live_state import is_rewrite_due
from features.privacy.person import find_person
from features.store import keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from features.store.tombstones import add_tombstones, begin_erasure_sync, erasures_begun, read_tombstones
from recommender.arrays.id_map import NO_ROW
from recommender.model import versions
from recommender.model.forget_customers import FRESH, forget_customers
from training.privacy.erase import Erased, erase, forget_erased_in_model
from training.run.train import train
from training.settings import TrainingSettings
from training.upkeep.doctor import Patient, worker
from training.worker.erasures import run_erasures

from bundles import NOW, VERSION, write_small
from factories import event
from person import (
    BOB,
    BOBS_BROWSER,
    BROWSER,
    EARLIER,
    EVE,
    LATER,
    ORDERS,
    SESSION,
    TRACES,
    live_a_life,
    traces,
)
from waiting import eventually


@pytest.fixture
def lived(home: Home, settings: StoreSettings) -> Iterator[redis.Redis]:
    """Redis in the home, so that its log is searched, too, and not compressed there."""
    with RedisServer(home, settings) as server, redis.Redis.from_url(server.url) as client:
        client.config_set("rdbcompression", "no")
        live_a_life(home, client, settings)
        yield client


def test_nothing_is_left_of_a_person(home: Home, lived: redis.Redis, settings: StoreSettings) -> None:
    before = traces(home, lived)
    found_in = {where.partition("/")[0].partition(" ")[0] for where, _ in before}
    assert found_in == {"redis", "events", "served", "decisions", "models", "poison", "reports", "uploads"}
    assert {what for _, what in before} == set(TRACES)
    erased = erase(home, lived, settings, EVE)
    assert traces(home, lived) == set()
    assert (erased.customers, erased.browsers, erased.log_problem) == (1, 1, None)
    assert erased.models == (EARLIER, VERSION)
    assert erased.rejects == 2


def test_nobody_else_loses_anything(home: Home, lived: redis.Redis, settings: StoreSettings) -> None:
    stored = {key: lived.dump(key) for key in lived.scan_iter() if key.decode().endswith((BOB, BOBS_BROWSER))}
    assert stored
    erase(home, lived, settings, EVE)
    assert {key: lived.dump(key) for key in stored} == stored
    rows = history.scan(home).sort("timestamp").collect()
    assert rows["type"].to_list() == ["purchase", "view", "view"]
    served = pl.read_parquet(home.served / "*" / "*.parquet")
    assert served["customer_id"].to_list() == [BOB, BOB]
    assert (home.root / "poison" / "1.jsonl").read_text() == '{"id":"2"}\n'
    assert f"3,bad,{BOB},fine" in (home.reports / "rejects-orders.csv").read_text()
    assert lived.zscore(keys.watchers("tea"), BOB)
    bundle = versions.load_current(home.models)
    assert bundle
    assert bundle.tables.customers.row(BOB) == 1
    assert bundle.tables.customers.row(EVE) == NO_ROW


def test_damaged_files_are_searched_or_removed(
    home: Home, lived: redis.Redis, settings: StoreSettings
) -> None:
    sound = next(home.events.glob("*/*.parquet"))
    cut = sound.with_name("cut.parquet")
    cut.write_bytes(sound.read_bytes()[:-40])
    for path in (sound, cut):
        set_aside_file(home, path, "damaged")
    erased = erase(home, lived, settings, EVE)
    assert erased.damaged == 1
    assert traces(home, lived) == set()
    assert not [*home.poison.rglob("*.parquet")]
    assert BOB in pl.read_parquet(sound)["customer_id"]


def test_nobody_comes_back(home: Home, lived: redis.Redis, settings: StoreSettings, tmp_path: Path) -> None:
    erase(home, lived, settings, EVE)
    late = [
        event("view", customer_id=EVE),
        event("view", anonymous_id=BROWSER),
        event("search", session_id=SESSION, query="tea"),
        event("refund", order_id=ORDERS[0]),
    ]
    tombstones = read_tombstones(home)
    bobs = event("view", customer_id=BOB, anonymous_id=BROWSER)
    assert tombstones.admitted([*late, bobs]) == [bobs]
    assert all(ingest_sync(lived, late, LATER, settings))  # by a process that has not heard of it
    Archiver(lived, home, settings).run(burst=True)
    file = tmp_path / "orders.csv"
    file.write_text(
        "event,order_id,customer_id,product_id,quantity,unit_price,timestamp\n"
        f"purchase,{ORDERS[0]},{EVE},p-1,2,5,2026-11-20\npurchase,ORD-1,{EVE},p-1,none,5,2026-11-20\npurchase,ORD-2,carl,p-1,1,5,2026-11-20\n"
    )
    summary = import_orders(home, file, received_at=LATER)
    assert summary.taken == 1
    assert summary.set_aside == {RejectReason.ERASED.value: 2}
    assert summary.rejects_file is None
    assert set(history.scan(home).collect()["customer_id"]) == {BOB, "carl", None}
    assert EVE not in str(dict(summary.lines()))


def test_a_model_that_was_being_trained_forgets_too(
    home: Home, lived: redis.Redis, settings: StoreSettings
) -> None:
    add_tombstones(home, lived, [("customer", "ann")])
    write_small(home.models, "2026-11-23T10-00-00Z")
    forget_erased_in_model(home, "2026-11-23T10-00-00Z")
    bundle = versions.load_current(home.models)
    assert bundle
    assert bundle.tables.customers.row("ann") == NO_ROW
    assert bundle.tables.customers.row("bob") == 1


def test_the_worker_finishes_what_was_begun(home: Home, lived: redis.Redis, settings: StoreSettings) -> None:
    begin_erasure_sync(lived, EVE, 1)
    stop = threading.Event()
    worker = threading.Thread(target=run_erasures, args=(lived, home, settings, stop))
    worker.start()
    eventually(lambda: not erasures_begun(lived), 60)
    stop.set()
    worker.join()
    assert traces(home, lived) == set()


def test_a_log_that_was_not_rewritten_is_after_the_next_start(
    home: Home, lived: redis.Redis, settings: StoreSettings
) -> None:
    """As when everything ends between the erasure and the rewriting: Redis may not rewrite yet."""
    lived.acl_setuser("default", enabled=True, nopass=True, commands=["-bgrewriteaof"])
    assert erase(home, lived, settings, EVE).log_problem
    assert {where.partition("/")[0] for where, _ in traces(home, lived)} == {"redis"}
    patient = Patient(home, lived, settings, (), NOW.timestamp())
    assert [finding.check for finding in worker(patient) if finding.remedy] == ["erased people"]
    lived.acl_setuser("default", enabled=True, nopass=True, commands=["+bgrewriteaof"])
    stop = threading.Event()
    running = threading.Thread(target=run_erasures, args=(lived, home, settings, stop))
    running.start()
    eventually(lambda: not is_rewrite_due(home), 60)
    stop.set()
    running.join()
    assert traces(home, lived) == set()
    assert not [finding for finding in worker(patient) if finding.remedy]


def test_a_model_that_is_trained_afterwards_does_not_know_them(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    """Every byte of the home, the new model among them, after training on the history before and after."""
    orders = [
        event("purchase", customer_id=buyer, order_id=f"{number}-{buyer}", items=[(product, 1, 5.0)])
        for buyer in (EVE, BOB)
        for number, product in enumerate(("tea", "mug"))
    ]
    assert all(ingest_sync(client, orders, NOW, settings))
    Archiver(client, home, settings).run(burst=True)
    quick = TrainingSettings(als_factors=8, als_iterations=4)
    assert train(home, quick, LATER).customers == 2
    assert any(where.startswith("models/") for where, _ in traces(home, client))
    erase(home, client, settings, EVE)
    result = train(home, quick, LATER + timedelta(hours=1))
    assert (result.customers, result.orders) == (1, 2)
    assert traces(home, client) == set()
    assert len(list(versions.manifests(home.models))) == 2


def test_a_browser_that_others_use_stays_theirs(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    events = [
        event("view", customer_id=BOB, anonymous_id="kitchen", session_id="bobs"),
        event("view", customer_id=EVE, anonymous_id="kitchen", session_id="eves"),
        event("view", anonymous_id="kitchen", session_id="nobodys"),
        event("view", anonymous_id="kitchen", session_id="eves"),
    ]
    ingest_sync(client, events, NOW, settings)
    Archiver(client, home, settings).run(burst=True)
    person = find_person(home, client, [EVE])
    assert not person.browsers
    assert person.sessions == {"eves"}
    erase(home, client, settings, EVE)
    assert not client.exists(*keys.of_browser("kitchen"))  # whose last user she was
    assert traces(home, client, (EVE, "eves")) == set()
    assert history.scan(home).collect()["session_id"].sort().to_list() == ["bobs", "nobodys"]


def test_an_order_that_a_page_only_claimed_is_theirs_too(
    home: Home, lived: redis.Redis, settings: StoreSettings
) -> None:
    claim = event("purchase", customer_id=EVE, anonymous_id="kitchen", order_id="o-7", items=[("p-1", 1)])
    ingest_sync(lived, [replace(claim, claimed=True)], NOW, settings)
    lived.delete(keys.event_stream())  # the history does not name its number
    assert lived.exists(keys.seen_order("purchase", "o-7"))
    erase(home, lived, settings, EVE)
    assert traces(home, lived, (EVE, "o-7")) == set()


def test_an_exchange_of_models_that_was_cut_off_is_finished(home: Home) -> None:
    write_small(home.models)
    folder = home.models / VERSION
    forget_customers(home.models, ["ann"])
    (home.models / f"{VERSION}.sha256").write_text("0" * 64)
    folder.rename(home.models / f"{VERSION}{FRESH}")  # died between the two renames
    forget_customers(home.models, ["ann"])
    bundle = versions.load_current(home.models)
    assert bundle
    assert bundle.tables.customers.row("ann") == NO_ROW
    assert {path.name for path in home.models.iterdir() if path.is_dir()} == {VERSION}


def test_the_summary_is_for_people_and_programs() -> None:
    erased = Erased(1, 2, 3, 4, 5, 6, 7, ("v",), ("w",), "no log")
    said = dict(erased.lines())
    assert said["Rows of the history"] == "3"
    assert "backup" in list(erased.lines())[-1][1]
    assert erased.as_dict()["models"] == ("v",)
