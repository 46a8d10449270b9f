import asyncio
import itertools
import json
import os
import signal
from datetime import timedelta
from typing import Any

import pytest
import redis
from msgspec.structs import replace

from features.events.vocabulary import Event, parse_event
from features.live.ingest import EVENTS_A_STEP, ingest, ingest_sync, read_log, remember_sync
from features.store import keys
from features.store.connection import Connection, StoreUnavailable
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from factories import NOW, event

MINUTE = timedelta(minutes=1)


async def test_a_repeated_event_counts_once(store: Connection, settings: StoreSettings) -> None:
    view = event("view", customer_id="c-1")
    assert await ingest(store, [view, view], NOW, settings) == [True, False]
    assert await ingest(store, [view], NOW, settings) == [False]
    assert await store.call("XLEN", keys.event_stream()) == 1


@pytest.mark.parametrize(
    ("kind", "lines"), [("purchase", [("p-1", 2)]), ("refund", []), ("cancel", [("p-1", 2)])]
)
async def test_the_same_order_from_64_channels_counts_once(
    redis_url: str, settings: StoreSettings, kind: str, lines: list[tuple[str, int]]
) -> None:
    stores = [Connection(redis_url, deadline_ms=2_000) for _ in range(8)]
    await asyncio.gather(*(store.open() for store in stores))
    sent = [event(kind, order_id="o-1", customer_id="c-1", items=lines) for _ in range(64)]
    calls = [ingest(stores[n % 8], [each], NOW, settings) for n, each in enumerate(sent)]
    taken = await asyncio.gather(*calls)
    assert sum(itertools.chain(*taken)) == 1
    assert await stores[0].call("XLEN", keys.event_stream()) == 1
    assert await stores[0].call("LLEN", keys.shopper_log("c-1", identified=True)) == 1
    await asyncio.gather(*(store.close() for store in stores))


async def test_an_order_its_refunds_and_its_cancellation_are_different_things(
    store: Connection, settings: StoreSettings
) -> None:
    sent = [
        event("purchase", order_id="o-1", items=[("a", 2)]),
        event("refund", order_id="o-1", items=[("a", 1)], properties={"refund_id": "r-1"}),
        event("refund", order_id="o-1", items=[("a", 1)], properties={"refund_id": "r-2"}),
        event("cancel", order_id="o-1"),
        event("refund", order_id="o-1", items=[("a", 1)], properties={"refund_id": "r-1"}),
    ]
    assert await ingest(store, sent, NOW, settings) == [True, True, True, True, False]


def without_id(**fields: Any) -> Event:
    return parse_event({"type": "refund", **fields}, NOW, "unused")


MONDAY, FRIDAY = "2026-11-16T09:00:00Z", "2026-11-20T09:00:00Z"
PIECE = {"order_id": "o-1", "items": [{"product_id": "p-1"}]}


@pytest.mark.parametrize("part", [{"order": PIECE}, {"order": {"order_id": "o-1"}, "unit_price": 5.0}])
async def test_equal_refunds_of_a_part_are_two_and_one_sent_twice_is_one(
    store: Connection, settings: StoreSettings, part: dict[str, Any]
) -> None:
    sent = [event("refund", **part), event("refund", **part)]
    sent += [without_id(timestamp=day, **part) for day in (MONDAY, FRIDAY)]
    assert await ingest(store, sent, NOW, settings) == [True] * 4
    again = [*sent[:2], without_id(timestamp=MONDAY, **part)]
    assert await ingest(store, again, NOW, settings) == [False] * 3


@pytest.mark.parametrize("buyer", [{"customer_id": "c"}, {"anonymous_id": "a"}])
@pytest.mark.parametrize("kind", ["refund", "cancel"])
async def test_what_names_its_order_alone_is_its_buyer_s(
    store: Connection, settings: StoreSettings, kind: str, buyer: dict[str, Any]
) -> None:
    identified = event("identify", customer_id="c", anonymous_id="a")
    bought = event("purchase", order_id="o-1", **buyer)
    await ingest(store, [bought, identified], NOW, settings)
    assert len((await read_log(store, "c", None)).fold().purchases) == 1
    await ingest(store, [event(kind, order_id="o-1"), event(kind, order_id="nobody's")], NOW, settings)
    assert (await read_log(store, "c", None)).fold().purchases == ()


async def test_a_large_batch_is_taken_in_several_steps(store: Connection, settings: StoreSettings) -> None:
    sent = [event("view", customer_id="c-1", product_id=f"p-{n}") for n in range(2 * EVENTS_A_STEP + 50)]
    assert await ingest(store, sent, NOW, settings) == [True] * len(sent)
    assert (await read_log(store, "c-1", None)).fold().viewed[0] == sent[-1].product_id


async def test_a_log_keeps_its_length_and_life(store: Connection, client: redis.Redis) -> None:
    short = StoreSettings(redis_url=None, shopper_log_length=5, shopper_ttl_days=2)
    await ingest(store, [event(customer_id="c", product_id=f"p-{n}") for n in range(9)], NOW, short)
    assert (await read_log(store, "c", None)).fold().viewed == ("p-8", "p-7", "p-6", "p-5", "p-4")
    assert 0 < client.ttl(keys.shopper_log("c", identified=True)) <= 2 * 86_400


def browsing() -> list[Event]:
    return [event("view", at=NOW - n * MINUTE, anonymous_id="a", product_id=f"p-{n}") for n in range(3)]


async def test_a_browser_that_becomes_known_brings_its_history(
    store: Connection, settings: StoreSettings
) -> None:
    await ingest(store, browsing(), NOW, settings)
    assert (await read_log(store, "c", None)).fold().viewed == ()
    await ingest(store, [event("identify", customer_id="c", anonymous_id="a")], NOW, settings)
    assert (await read_log(store, "c", None)).fold().viewed == ("p-0", "p-1", "p-2")


async def test_a_known_browser_adds_to_its_customer(store: Connection, settings: StoreSettings) -> None:
    await ingest(store, [event("identify", customer_id="c", anonymous_id="a")], NOW, settings)
    await ingest(store, browsing(), NOW, settings)
    for ids in [("c", None), (None, "a"), ("c", "a")]:
        assert (await read_log(store, *ids)).fold().viewed == ("p-0", "p-1", "p-2")


async def test_any_event_with_both_ids_joins_them(store: Connection, settings: StoreSettings) -> None:
    await ingest(store, browsing(), NOW, settings)
    both = event("add_to_cart", customer_id="c", anonymous_id="a", product_id="p-9")
    await ingest(store, [both], NOW, settings)
    state = (await read_log(store, "c", "a")).fold()
    assert (state.viewed, state.cart) == (("p-0", "p-1", "p-2"), {"p-9": 1.0})


async def test_joining_twice_changes_nothing(store: Connection, settings: StoreSettings) -> None:
    for _ in range(2):
        await ingest(store, [event("identify", customer_id="c", anonymous_id="a")], NOW, settings)
        await ingest(store, [event("add_to_cart", anonymous_id="a")], NOW, settings)
    assert (await read_log(store, "c", "a")).fold().cart == {"p-1": 2.0}
    assert await store.call("LLEN", keys.shopper_log("c", identified=True)) == 2


async def test_joining_again_when_the_first_is_forgotten_copies_nothing_twice(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    await ingest(store, [event("identify", customer_id="c", anonymous_id="a")], NOW, settings)
    await ingest(store, [event("add_to_cart", anonymous_id="a") for _ in range(2)], NOW, settings)
    client.delete(keys.alias("a"))
    await ingest(store, [event("add_to_cart", anonymous_id="a", product_id="p-2")], NOW, settings)
    await ingest(store, [event("identify", customer_id="c", anonymous_id="a")], NOW, settings)
    assert await store.call("LLEN", keys.shopper_log("c", identified=True)) == 3
    assert (await read_log(store, "c", None)).fold().cart == {"p-1": 2.0, "p-2": 1.0}


async def test_logs_of_the_former_format_are_as_if_they_were_not_there(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    client.lpush("{perennial}:shopper:c:c", b"\x98\xcf\x00")
    await ingest(store, [event("view", customer_id="c")], NOW, settings)
    assert (await read_log(store, "c", None)).fold().viewed == ("p-1",)


async def test_a_browser_that_changes_hands_shows_nothing_of_the_first(
    store: Connection, settings: StoreSettings
) -> None:
    await ingest(store, [event("identify", customer_id="first", anonymous_id="a")], NOW, settings)
    await ingest(store, browsing(), NOW, settings)
    await ingest(store, [event("identify", customer_id="second", anonymous_id="a")], NOW, settings)
    assert (await read_log(store, "second", "a")).fold().viewed == ()
    assert (await read_log(store, "first", None)).fold().viewed == ("p-0", "p-1", "p-2")


async def test_a_customer_and_a_browser_of_the_same_name_are_two(
    store: Connection, settings: StoreSettings
) -> None:
    await ingest(store, [event("view", customer_id="same")], NOW, settings)
    assert (await read_log(store, None, "same")).fold().viewed == ()


@pytest.mark.parametrize("odd", ["{x}", "a/b:c*", '"; drop', "🛒", "é" * 500])
async def test_odd_ids(store: Connection, settings: StoreSettings, odd: str) -> None:
    sent = event("purchase", customer_id=odd, anonymous_id=odd, order_id=odd, items=[(odd, 80_995)])
    assert await ingest(store, [sent], NOW, settings) == [True]
    assert (await read_log(store, odd, odd)).fold().purchases[0].product_ids == (odd,)


async def test_a_flushed_store_is_filled_anew(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    assert await ingest(store, [event()], NOW, settings) == [True]
    client.flushall()
    client.script_flush()
    assert await ingest(store, [event()], NOW, settings) == [True]


def test_offline_it_does_the_same(client: redis.Redis, settings: StoreSettings) -> None:
    sent = [event("purchase", order_id="o-1"), event("purchase", order_id="o-1")]
    assert ingest_sync(client, sent, NOW, settings) == [True, False]


@pytest.mark.parametrize("refusal", [("maxmemory", "1"), ("min-replicas-to-write", "1")])
async def test_a_store_that_takes_no_writes_is_no_false_yes(
    own_redis: RedisServer, settings: StoreSettings, refusal: tuple[str, str]
) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set(*refusal)
        store = Connection(own_redis.url, deadline_ms=2_000)
        await store.open()
        lost = event("view", customer_id="c")
        with pytest.raises(StoreUnavailable):
            await ingest(store, [lost], NOW, settings)
        assert (await read_log(store, "c", None)).fold().viewed == ()
        client.config_set(refusal[0], "0")
        assert await ingest(store, [lost], NOW, settings) == [True]
        await store.close()


async def test_killed_under_load_it_loses_nothing_acknowledged_and_counts_once(
    own_redis: RedisServer, settings: StoreSettings
) -> None:
    store = Connection(own_redis.url, deadline_ms=2_000)
    await store.open()
    acknowledged: list[str] = []

    async def shopper(number: int) -> None:
        for step in range(20):
            sent = event("purchase", event_id=f"{number}-{step}", customer_id=f"c-{number}")
            while sent.event_id not in acknowledged:
                try:
                    await ingest(store, [sent], NOW, settings)
                    acknowledged.append(sent.event_id)
                except StoreUnavailable:
                    await asyncio.sleep(0.01)

    async def killer() -> None:
        for share in (0.2, 0.5, 0.8):
            while len(acknowledged) < share * 400:
                await asyncio.sleep(0.001)
            process = int((await store.call("INFO", "server")).split(b"process_id:")[1].split()[0])
            os.kill(process, signal.SIGKILL)
            await asyncio.to_thread(own_redis.ensure_running)

    await asyncio.wait_for(asyncio.gather(killer(), *(shopper(number) for number in range(20))), 30)
    with redis.Redis.from_url(own_redis.url) as client:
        streamed = [json.loads(fields[b"e"])["event_id"] for _, fields in client.xrange(keys.event_stream())]
        logs = [client.llen(keys.shopper_log(f"c-{number}", identified=True)) for number in range(20)]
    assert sorted(streamed) == sorted(acknowledged)
    assert logs == [20] * 20
    await store.close()


async def test_an_order_number_of_two_customers_is_two_orders(
    store: Connection, client: redis.Redis, settings: StoreSettings, caplog: pytest.LogCaptureFixture
) -> None:
    sent = [
        event("purchase", order_id="1", customer_id=who, event_id="purchase:1") for who in ("mina", "otto")
    ]
    assert await ingest(store, sent, NOW, settings) == [True, True]
    assert "order number of another customer" in caplog.text
    assert await ingest(store, sent, NOW, settings) == [False, False]
    assert ingest_sync(client, sent, NOW, settings) == [False, False]
    other = [event("purchase", order_id="1", customer_id=who) for who in ("otto", "mina")]
    assert await ingest(store, other, NOW, settings) == [False, False]
    refund = event("refund", order_id="1", customer_id="otto")
    assert await ingest(store, [refund, refund], NOW, settings) == [True, False]
    assert len((await read_log(store, "mina", None)).fold().purchases) == 1
    assert (await read_log(store, "otto", None)).fold().purchases == ()


async def test_a_refund_may_have_the_event_id_of_its_order(
    store: Connection, settings: StoreSettings
) -> None:
    purchase = event("purchase", order_id="1", customer_id="mina", event_id="x")
    refund = event("refund", order_id="1", customer_id="mina", event_id="x")
    assert await ingest(store, [purchase, refund, purchase, refund], NOW, settings) == [
        True,
        True,
        False,
        False,
    ]
    assert (await read_log(store, "mina", None)).fold().purchases == ()


async def test_a_browser_or_guest_with_a_known_number_is_a_repeat(
    store: Connection, settings: StoreSettings
) -> None:
    buyers: list[dict[str, Any]] = [{"customer_id": "mina"}, {"anonymous_id": "b"}, {}]
    sent = [event("purchase", order_id="1", **ids) for ids in buyers]
    assert await ingest(store, sent, NOW, settings) == [True, False, False]


@pytest.mark.parametrize("buyer", [{"customer_id": "mina"}, {"anonymous_id": "b"}])
async def test_what_takes_an_order_back_before_it_came_waits_for_it(
    store: Connection, settings: StoreSettings, buyer: dict[str, Any]
) -> None:
    sent = [event("refund", order_id="1", unit_price=3.0), event("refund", order_id="1", items=[("p-1", 1)])]
    bought = event("purchase", order_id="1", items=[("p-1", 1, 5.0), ("p-2", 1, 5.0)], **buyer)
    assert await ingest(store, [*sent, bought], NOW, settings) == [True] * 3
    log = await read_log(store, buyer.get("customer_id"), buyer.get("anonymous_id"))
    [purchase] = log.fold().purchases
    assert purchase.product_ids == ("p-2",)


async def test_an_order_that_a_file_told_of_is_another_one_only_at_another_time(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    remember_sync(client, [event("purchase", order_id="1", customer_id="hash")], NOW, settings)
    near, far = (
        event("purchase", order_id="1", customer_id="mina", at=NOW - timedelta(days=days))
        for days in (1, 300)
    )
    assert await ingest(store, [near, far], NOW, settings) == [False, True]


@pytest.mark.parametrize(("price", "left"), [(2.0, (3.0,)), (9.0, (2.0,)), (10.0, (2.0,))])
async def test_money_off_the_price_of_a_piece_leaves_the_piece(
    store: Connection, settings: StoreSettings, price: float, left: tuple[float, ...]
) -> None:
    bought = event("purchase", order_id="1", customer_id="mina", items=[("p-1", 3, 10.0)])
    refund = event("refund", order_id="1", items=[("p-1", 1, price)])
    await ingest(store, [bought, refund], NOW, settings)
    [purchase] = (await read_log(store, "mina", None)).fold().purchases
    assert purchase.quantities == left


NAMES: list[dict[str, Any]] = [
    {"customer_id": "mina", "anonymous_id": "b"},
    {"customer_id": "mina"},
    {"anonymous_id": "b"},
]


@pytest.mark.parametrize("who", NAMES)
@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("kind", ["cancel", "refund"])
async def test_of_an_orders_words_the_newest_counts_in_whichever_order_they_come(
    store: Connection, settings: StoreSettings, who: dict[str, Any], is_named: bool, kind: str
) -> None:
    """Bought, taken back, restored, taken back, restored: as many of it as the newest word says."""
    for n_words, words in [(n, each) for n in (2, 3, 4, 5) for each in itertools.permutations(range(n))]:
        order_id = f"{n_words} {words}"
        told = [
            event(
                kind if n % 2 else "purchase",
                order_id=order_id,
                revision=10 + n,
                **(who if not n % 2 or is_named else {}),
            )
            for n in words
        ]
        await ingest(store, told + told, NOW, settings)
        log = await read_log(store, who.get("customer_id"), who.get("anonymous_id"))
        counts = order_id in {each.order_id for each in log.fold().purchases}
        assert counts == bool(n_words % 2), words
        await store.call("FLUSHALL")


async def test_what_has_no_revision_and_what_a_browser_claims_never_restores_an_order(
    store: Connection, settings: StoreSettings
) -> None:
    claim = replace(event("purchase", order_id="1", customer_id="mina", revision=99), claimed=True)
    bought, again = (
        event("purchase", order_id=number, customer_id="mina", revision=9) for number in ("1", "2")
    )
    told = [
        bought,
        event("cancel", order_id="1", customer_id="mina", revision=20),
        claim,
        event("purchase", order_id="1", customer_id="mina", revision=20),
        event("cancel", order_id="2", customer_id="mina"),
        again,
    ]
    await ingest(store, told, NOW, settings)
    assert (await read_log(store, "mina", None)).fold().purchases == ()
