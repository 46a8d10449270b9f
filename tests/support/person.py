"""A home in which a person has left traces everywhere, and a search of every byte of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import redis

from features.history.archiver import Archiver
from features.home import Home
from features.live.ingest import ingest_sync
from features.outgoing.email_history import Sending
from features.outgoing.impressions import ServedRecord
from features.outgoing.offer_decisions import DecisionRecord
from features.outgoing.trigger_queue import NewTrigger, TriggerDecision, claim, enrol, settle
from features.store import keys
from features.store.settings import StoreSettings
from recommender.arrays.id_map import IdMap
from recommender.model import versions
from recommender.model.bundle_files import write_bundle

from bundles import NOW, VERSION, small_index, small_manifest, small_tables
from factories import event

EVE, BROWSER, SESSION = "eve.moreau@example.org", "browser-7f3a91", "visit-55c2d0"
ORDERS, EVENTS = ("ORD-90017", "ORD-90018"), ("evt-eve-1", "evt-eve-2")
TRACES = (EVE, BROWSER, SESSION, *ORDERS, *EVENTS)
BOB, BOBS_BROWSER, BOBS_ORDER = "bob", "browser-bob", "ORD-70001"
NOW_MS = int(NOW.timestamp() * 1000)
EARLIER = "2026-11-21T10-00-00Z"
LATER = NOW + timedelta(minutes=5)


def live_a_life(home: Home, client: redis.Redis, settings: StoreSettings) -> None:
    """Eve and Bob: archived events, events that wait, e-mails, triggers, offers, models, rejects, poison."""
    events = [
        event("view", anonymous_id=BROWSER, session_id=SESSION, event_id=EVENTS[0]),
        event("search", session_id=SESSION, query="tea", event_id="evt-eve-search"),
        event("identify", customer_id=EVE, anonymous_id=BROWSER, properties={"birthday": "1990-05-17"}),
        event("consent", customer_id=EVE, properties={"email": True}),
        event("purchase", customer_id=EVE, order_id=ORDERS[0], items=[("tea", 2, 5.0)]),
        event("purchase", customer_id=BOB, order_id=BOBS_ORDER, anonymous_id=BOBS_BROWSER),
        event("view", anonymous_id=BOBS_BROWSER, session_id="visit-bob"),
    ]
    assert all(ingest_sync(client, events, NOW, settings))
    _show_and_decide(client)
    Archiver(client, home, settings).run(burst=True)
    waiting = [
        event("purchase", anonymous_id=BROWSER, order_id=ORDERS[1], items=[("mug", 1, 8.0)]),
        event("refund", order_id=ORDERS[0]),
        event("add_to_cart", customer_id=EVE, event_id=EVENTS[1]),
        event("view", customer_id=BOB),
    ]
    assert all(ingest_sync(client, waiting, LATER, settings))
    _show_and_decide(client)
    _write_to(client, EVE)
    for version in (EARLIER, VERSION):
        _publish(home.models, version)
    (home.root / "poison").mkdir()
    (home.root / "poison" / "1.jsonl").write_text(f'{{"id":"1","fields":{{"e":"{EVE}"}}}}\n{{"id":"2"}}\n')
    sent = home.uploads / "f-0123456789abcdef"
    sent.mkdir()
    (sent / "orders.csv").write_text(f"order,customer\no-1,{EVE}\n")
    home.reports.joinpath("rejects-orders.csv").write_text(
        f'line,reason,customer,note\n2,bad,{EVE},"two\nlines"\n3,bad,{BOB},fine\n'
    )


def _show_and_decide(client: redis.Redis) -> None:
    eve = ServedRecord(
        "r-1", NOW, "home", ("tea",), customer_id=EVE, anonymous_id=BROWSER, session_id=SESSION
    )
    alone = ServedRecord("r-2", NOW, "home", ("mug",), anonymous_id=BROWSER)
    bob = ServedRecord("r-3", NOW, "home", ("mug",), customer_id=BOB)
    client.xadd(keys.served_stream(), {"s": msgspec.json.encode([eve, alone, bob])})
    for customer in (EVE, BOB):
        client.xadd(keys.decision_stream(), {"d": msgspec.json.encode(_decision(customer))})


def _decision(customer: str) -> DecisionRecord:
    empty: tuple[()] = ()
    return DecisionRecord(
        decision_id=f"d-{customer}",
        decided_at=NOW,
        expires_at=LATER,
        customer_id=customer,
        channel="email",
        offer_id="none",
        propensity=1.0,
        stage="guess",
        arms=empty,
        chances=empty,
        worth=empty,
        features=empty,
        values=empty,
        basket=0.0,
        margin=0.0,
        cost=0.0,
        catalogue_revision=1,
        model_version=VERSION,
    )


def _write_to(client: redis.Redis, customer: str) -> None:
    """An e-mail, a trigger that was handed out and read, a promised offer, a watched product."""
    client.set(
        keys.sendings(customer), msgspec.msgpack.encode([Sending(NOW_MS, f"{customer}:november", ("tea",))])
    )
    enrol(client, [customer], [NOW_MS])
    claim(client, NOW_MS, 10)
    trigger = f"{customer}:cart:1"
    payload = msgspec.json.encode({"id": trigger, "customer_id": customer})
    new = NewTrigger(trigger, payload, "cart", NOW_MS + 86_400_000, ("cart:1",))
    assert settle(client, [TriggerDecision(customer, [new], [], NOW_MS + 1)], NOW_MS, NOW_MS) == 1
    client.zadd(keys.contacts(customer), {trigger: NOW_MS})
    client.zadd(keys.watchers("tea"), {customer: NOW_MS, BOB: NOW_MS})
    client.set(
        keys.promises(customer, identified=True), msgspec.json.encode({"standing": {"customer_id": customer}})
    )


def _publish(models: Path, version: str) -> None:
    tables = replace(small_tables(), customers=IdMap.build([EVE, BOB]))
    seal = write_bundle(models / version, small_manifest(version), tables, small_index(tables))
    versions.seal(models, version, seal)
    versions.publish(models, version)


def traces(home: Home, client: redis.Redis, names: tuple[str, ...] = TRACES) -> set[tuple[str, str]]:
    """(where, what) of every name in every byte of every file, parquet unpacked, and of every Redis key."""
    places = [*_files(home.root), *_keys(client)]
    return {(where, name) for where, content in places for name in names if name.encode() in content}


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in root.rglob("*"):
        if path.is_file():
            where = str(path.relative_to(root))
            yield where, where.encode() + path.read_bytes()
            if path.suffix == ".parquet":
                yield where, pl.read_parquet(path).write_json().encode()


def _keys(client: redis.Redis) -> Iterator[tuple[str, bytes]]:
    names: Any = client.scan_iter()
    for key in names:
        kind: Any = client.type(key)
        yield f"redis {kind.decode()} {key.decode()}", key + (client.dump(key) or b"")
