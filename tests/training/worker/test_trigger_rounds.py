"""The worker's rounds over a real Redis: every trigger once and none lost, even after a crash."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import redis

from features.catalogue.live_changes import put_changes_sync
from features.events.vocabulary import Event
from features.home import Home
from features.live.ingest import ingest_sync
from features.live.shopper_state import milliseconds
from features.outgoing import trigger_queue as triggers
from features.outgoing.email_history import Sending
from features.store import keys
from features.store.settings import StoreSettings
from recommender.lifecycle.vocabulary.settings import Settings
from training.worker.trigger_rounds import Lifecycle, decide_for

from bundles import write_small
from factories import NOW, event

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTINGS = {
    "quiet": {"from": "00:00", "until": "00:00"},
    "consent": "opt_out",
    "welcome": {"enabled": False},
    "thank_you": {"enabled": False},
    "reorder": {"enabled": False},  # what the model's own customers get
}


@pytest.fixture
def shop(home: Home, client: redis.Redis) -> Lifecycle:
    """A worker of a small shop that writes to everybody at any time."""
    write_small(home.models)
    set_up(client)
    return Lifecycle(client, home)


def set_up(client: redis.Redis, **changes: Any) -> None:
    saved = {"revision": 1, "saved_at": None, "settings": SETTINGS | changes}
    client.lpush(keys.trigger_settings(), json.dumps(saved))


def ingest(client: redis.Redis, settings: StoreSettings, *events: Event) -> None:
    for each in events:
        ingest_sync(client, [each], each.timestamp, settings)


def carts(customers: int, at: datetime = NOW) -> list[Event]:
    return [event("add_to_cart", at=at, customer_id=f"c-{n}", product_id="pot") for n in range(customers)]


def handed_out(client: redis.Redis) -> list[dict[str, Any]]:
    entries: Any = client.xrange(keys.triggers())
    return [json.loads(fields[b"t"]) for _, fields in entries]


def round_at(shop: Lifecycle, moment: datetime) -> int:
    return shop.round(milliseconds(moment))


def test_a_cart_triggers_once_at_its_time(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    ingest(client, settings, *carts(1))
    assert round_at(shop, NOW + MINUTE) == 0
    assert round_at(shop, NOW + 59 * MINUTE) == 0
    assert round_at(shop, NOW + 61 * MINUTE) == 1
    assert round_at(shop, NOW + 62 * MINUTE) == 0
    (one,) = handed_out(client)
    assert (one["kind"], one["products"], one["channel"]) == ("abandoned_cart", ["pot"], "email")
    assert one["reason"]["evidence"]["products"] == 1


def test_a_restarted_worker_neither_repeats_nor_forgets(
    shop: Lifecycle, home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    ingest(client, settings, *carts(3))
    now_ms = milliseconds(NOW + 61 * MINUTE)
    dead = triggers.claim(client, now_ms, 2)  # a worker that dies with these
    assert len(dead) == 2
    round_at(shop, NOW + 61 * MINUTE)
    assert len(handed_out(client)) == 1
    again = Lifecycle(client, home)
    for minutes in (63, 64, 65):
        round_at(again, NOW + minutes * MINUTE)
    customers = sorted(each["customer_id"] for each in handed_out(client) if each["kind"] == "abandoned_cart")
    assert customers == ["c-0", "c-1", "c-2"]


def test_several_workers_at_once_tell_everybody_once(
    home: Home, client: redis.Redis, redis_url: str, settings: StoreSettings
) -> None:
    write_small(home.models)
    set_up(client)
    ingest_sync(client, carts(900), NOW, settings)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with redis.Redis.from_url(redis_url) as own:
                round_at(Lifecycle(own, home), NOW + 61 * MINUTE)
        except BaseException as error:
            errors.append(error)
            raise

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    customers = [each["customer_id"] for each in handed_out(client) if each["kind"] == "abandoned_cart"]
    assert sorted(customers) == sorted(f"c-{n}" for n in range(900))


def test_a_decision_about_a_past_that_is_over_is_not_written(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    ingest(client, settings, *carts(1))
    round_at(shop, NOW)
    now_ms = milliseconds(NOW + 61 * MINUTE)
    client.zadd(keys.look_due(), {"c-0": now_ms})
    assert "c-0" in triggers.claim(client, now_ms, 10)
    (state,) = triggers.read_states(client, ["c-0"])
    knowledge, wanted = shop.knowledge(), msgspec.convert(SETTINGS, Settings)
    decision = decide_for(knowledge, "c-0", state, now_ms, wanted)
    assert [each.kind for each in decision.triggers] == ["abandoned_cart"]
    bought = event("purchase", at=NOW + 61 * MINUTE, customer_id="c-0", items=[("pot", 1)])
    ingest(client, settings, bought)
    assert triggers.settle(client, [decision], now_ms, now_ms) == 0
    round_at(shop, NOW + 62 * MINUTE)
    assert handed_out(client) == []


def read(client: redis.Redis, moment: datetime, since: str = "0-0", *kinds: str) -> list[dict[str, Any]]:
    """As its reader does: what was read is a contact."""
    words: tuple[str | int, ...] = (since, 100, milliseconds(moment), *kinds)
    _last, entries = client.eval(triggers.READ, 1, keys.triggers(), *words)
    read = [json.loads(line) for line in entries[1::2]]
    for each in read:
        client.zadd(keys.contacts(each["customer_id"]), {each["id"]: milliseconds(moment)}, nx=True)
    return read


def test_what_nobody_read_vanishes_and_what_was_read_is_called_off(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    for customer, is_read in (("c-0", False), ("c-1", True)):
        ingest(client, settings, event("add_to_cart", customer_id=customer, product_id="pot"))
        round_at(shop, NOW + 61 * MINUTE)
        if is_read:
            assert [each["customer_id"] for each in read(client, NOW + 61 * MINUTE)] == ["c-1"]
        bought = event("purchase", at=NOW + 62 * MINUTE, customer_id=customer, items=[("pot", 1)])
        ingest(client, settings, bought)
        round_at(shop, NOW + 63 * MINUTE)
    left = handed_out(client)
    assert [(each["customer_id"], each.get("cancelled", False)) for each in left] == [
        ("c-1", False),
        ("c-1", True),
    ]
    assert left[0]["id"] == left[1]["id"]
    assert client.hlen(keys.triggers_waiting("c-1")) == 0


def test_the_budget_is_shared_with_picks_and_among_kinds(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    sending = (Sending(milliseconds(NOW), "newsletter", ("mug",)),)
    client.set(keys.sendings("c-0"), msgspec.msgpack.encode(sending))
    ingest(client, settings, *carts(2))
    round_at(shop, NOW + 61 * MINUTE)
    assert [each["customer_id"] for each in handed_out(client)] == ["c-1"]
    round_at(shop, NOW + 20 * HOUR)
    assert {each["customer_id"] for each in handed_out(client)} >= {"c-0", "c-1"}


def test_a_price_drop_wakes_those_who_looked(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    ingest(client, settings, event("view", customer_id="c-0", product_id="pot"))
    round_at(shop, NOW + MINUTE)
    put_changes_sync(client, {"pot": {"price": 15.0}})
    round_at(shop, NOW + 2 * MINUTE)
    (one,) = handed_out(client)
    assert (one["kind"], one["reason"]["evidence"]["price_before"]) == ("price_drop", 20.0)
    put_changes_sync(client, {"pot": {"price": 20.0}})
    round_at(shop, NOW + 3 * MINUTE)
    client.zadd(keys.look_due(), {"c-0": 0})
    round_at(shop, NOW + 4 * MINUTE)
    assert handed_out(client) == []


def test_customers_of_the_model_are_looked_at_without_live_events(
    shop: Lifecycle, client: redis.Redis
) -> None:
    set_up(client, reorder={"enabled": True})
    round_at(shop, NOW)
    round_at(shop, NOW + MINUTE)
    (tea,) = [each for each in handed_out(client) if each["kind"] == "reorder"]
    assert (tea["customer_id"], tea["products"]) == ("ann", ["tea"])
    for day in range(1, 4):
        round_at(shop, NOW + day * DAY)
    assert sum(each["kind"] == "reorder" for each in handed_out(client)) == 1


@pytest.mark.parametrize("jump", [-30 * DAY, 30 * DAY])
def test_a_clock_that_jumps_and_comes_back_repeats_nothing_and_loses_nobody(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings, jump: timedelta
) -> None:
    ingest(client, settings, *carts(1))
    round_at(shop, NOW + 61 * MINUTE)
    round_at(shop, NOW + jump)
    round_at(shop, NOW + 62 * MINUTE)
    carted = [each for each in handed_out(client) if each["kind"] == "abandoned_cart"]
    assert [each["step"] for each in carted] == [1]
    score = client.zscore(keys.look_due(), "c-0")
    assert score is not None
    assert score <= milliseconds(NOW + 3 * DAY)


def test_without_a_model_carts_wait_and_nothing_breaks(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    set_up(client, thank_you={"after_hours": 1})
    ingest(client, settings, event("purchase", customer_id="c-0", items=[("pot", 1)]))
    assert round_at(Lifecycle(client, home), NOW + 2 * HOUR) == 1
    assert [each["kind"] for each in handed_out(client)] == ["thank_you"]


def test_settings_and_tiers_that_cannot_be_read_are_the_defaults(
    shop: Lifecycle, home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    client.lpush(keys.trigger_settings(), json.dumps({"settings": {"quiet": 3}}))
    (home.root / "tiers.json").write_text("[")
    ingest(client, settings, *carts(1))
    assert round_at(shop, NOW + 61 * MINUTE) == 0  # by default nobody is written to who did not say yes


def test_a_forgotten_customer_leaves_nothing(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    ingest(client, settings, *carts(2), event("consent", customer_id="c-0", properties={"email": True}))
    round_at(shop, NOW + 61 * MINUTE)
    read(client, NOW + 61 * MINUTE)
    triggers.forget(client, "c-0")
    client.delete(keys.shopper_log("c-0", identified=True))
    client.delete(keys.event_stream())
    left = [name for name in client.scan_iter() if b"c-0" in name or b"c-0" in (client.dump(name) or b"")]
    assert [name for name in left if b"seen" not in name] == []
    assert [each["customer_id"] for each in handed_out(client)] == ["c-1"]


@pytest.mark.parametrize("name", ['a/"b"\\', "ünï:c*[x]{y}", "{perennial}:told:c:x", "1e5", "a b "])
def test_any_id_goes_all_the_way(
    shop: Lifecycle, client: redis.Redis, settings: StoreSettings, name: str
) -> None:
    ingest(client, settings, event("add_to_cart", customer_id=name, product_id="pot"))
    round_at(shop, NOW + 61 * MINUTE)
    (one,) = read(client, NOW + 61 * MINUTE)
    order = event("purchase", at=NOW + 62 * MINUTE, customer_id=name, order_id=name, items=[("pot", 1)])
    ingest(client, settings, order)
    round_at(shop, NOW + 63 * MINUTE)
    _, off = read(client, NOW + 63 * MINUTE)
    assert (off["id"], off["customer_id"], off["cancelled"]) == (one["id"], name, True)
    assert one["customer_id"] == name
    triggers.forget(client, name)
    assert handed_out(client) == []
