"""Live state from the history is what it was, key by key."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import redis

from features.events.vocabulary import Event
from features.history.archiver import Archiver
from features.home import Home
from features.importers.orders import import_orders
from features.live.ingest import ingest_sync
from features.live.shopper_state import NO_PROFILING, fold
from features.store import keys
from features.store.settings import StoreSettings
from features.upkeep.rebuild import REBUILT, rebuild

from factories import event

KINDS = ("view", "view", "view", "add_to_cart", "remove_from_cart", "search", "purchase", "refund", "cancel")


def live_state(client: redis.Redis) -> dict[bytes, Any]:
    """Content of every rebuilt key; the log of a shopper with its order."""
    found = [key for prefix in REBUILT for key in client.scan_iter(match=f"{prefix}*")]
    readers: dict[Any, Any] = {b"string": client.get, b"hash": client.hgetall}
    return {key: readers.get(client.type(key), lambda name: client.lrange(name, 0, -1))(key) for key in found}


def a_day(random: Random, now: datetime, number: int) -> Iterator[Event]:
    """Shoppers, of whom browsers become customers; refunds by sum, by product, without anybody's id."""
    for step in range(number):
        at = now - timedelta(seconds=random.randrange(86_400 * 30))
        kind = random.choice(KINDS)
        ids = {"customer_id": f"c-{random.randrange(20)}", "anonymous_id": f"a-{random.randrange(40)}"}
        given = {name: value for name, value in ids.items() if random.random() < 0.6}
        order = f"o-{random.randrange(200)}" if kind in {"purchase", "refund", "cancel"} else None
        more: dict[str, Any] = {"order_id": order} if order else given
        if kind == "purchase":
            more |= given | {"items": [(f"p-{n}", n + 1, 2.5 * n) for n in range(random.randrange(1, 4))]}
        if kind == "refund":
            more |= random.choice([{}, {"items": [("p-0", 1, None)]}, {"unit_price": 1.25}])
            more["properties"] = {"refund_id": f"r-{step}"}
        yield event(kind, at=at, **more)


@pytest.mark.parametrize("seed", range(3))
def test_live_state_is_rebuilt_exactly(
    home: Home, client: redis.Redis, settings: StoreSettings, seed: int
) -> None:
    random, now = Random(seed), datetime.now(UTC)
    events = [
        *a_day(random, now, 600),
        event("consent", at=now, customer_id="c-1", properties={"email": False, "sms": True}),
        event("identify", at=now, customer_id="c-1", anonymous_id="a-1", context={"country": "FR"}),
        event("survey", at=now, customer_id="c-2", properties={"score": 9}, context={"language": "de"}),
        event("ticket", at=now, anonymous_id="a-3", properties={"ticket_id": "t", "status": "open"}),
    ]
    repeats: list[str] = []  # orders under a second event id, which is in no history
    for start in range(0, len(events), 7):
        received = now - timedelta(milliseconds=len(events) - start)
        step = events[start : start + 7]
        taken = ingest_sync(client, step, received, settings)
        repeats += [each.event_id for each, fresh in zip(step, taken, strict=True) if not fresh]
        if start % 140 == 0:
            Archiver(client, home, settings).run(burst=True)
    client.delete(*map(keys.seen_event, repeats))
    before = live_state(client)
    assert len(before) > 500
    Archiver(client, home, settings).run(burst=True)
    client.flushall()
    rebuilt = rebuild(home, client, settings, datetime.now(UTC))
    assert live_state(client) == before
    assert rebuilt.events == len(events) - len(repeats)
    assert client.xlen(keys.event_stream()) == 0
    assert not client.exists(keys.replayed_stream())
    assert rebuild(home, client, settings, datetime.now(UTC)).events == rebuilt.events
    assert live_state(client) == before


def test_what_is_remembered_ends_when_it_would_have_ended(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=settings.shopper_ttl_days - 1)
    ingest_sync(client, [event(at=old, customer_id="c-old")], old, settings)
    ancient = now - timedelta(days=settings.shopper_ttl_days + 1)
    ingest_sync(client, [event(at=ancient, customer_id="c-ancient")], ancient, settings)
    rebuild(home, client, settings, now)
    assert 0 < client.ttl(keys.shopper_log("c-old", identified=True)) <= 86_400
    assert not client.exists(keys.shopper_log("c-ancient", identified=True))


def test_a_no_to_profiling_is_never_forgotten(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    now = datetime.now(UTC)
    old = now - timedelta(days=settings.shopper_ttl_days + settings.order_memory_days + 1)
    no = event("consent", at=old, customer_id="c-1", properties={"profiling": False})
    ingest_sync(client, [no], old, settings)
    ingest_sync(client, [event("view", at=now, customer_id="c-1", product_id="p")], now, settings)
    rebuild(home, client, settings, now)
    assert client.lrange(keys.shopper_log("c-1", identified=True), 0, -1) == [NO_PROFILING]


@pytest.mark.parametrize(
    ("status", "quantity", "left"), [("paid", 3, [("p-1",)]), ("voided", 1, []), ("refunded", 1, [])]
)
def test_what_a_file_has_changed_of_a_live_order_is_in_live_state(
    home: Home,
    tmp_path: Path,
    client: redis.Redis,
    settings: StoreSettings,
    status: str,
    quantity: int,
    left: list[tuple[str, ...]],
) -> None:
    now = datetime.now(UTC)
    ingest_sync(client, [event("purchase", at=now, order_id="1", customer_id="c-1")], now, settings)
    Archiver(client, home, settings).run(burst=True)
    file = tmp_path / "orders.csv"
    file.write_text(
        "Name,Email,Financial Status,Created at,Lineitem sku,Lineitem name,Lineitem quantity,Lineitem price\n"
        f"1,,{status},{now:%Y-%m-%d %H:%M:%S},p-1,Jar,{quantity},10.0\n"
    )
    import_orders(home, file, received_at=now + timedelta(seconds=1))
    for _ in range(2):
        rebuild(home, client, settings, now + timedelta(minutes=1))
        entries: Any = client.lrange(keys.shopper_log("c-1", identified=True), 0, -1)
        orders = fold(entries).purchases
        assert [order.product_ids for order in orders] == left
        assert [order.quantities for order in orders] == [(float(quantity),)] * len(left)
