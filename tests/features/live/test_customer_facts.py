"""Facts about customers: their values, their order, and the browsers that they come from."""

from datetime import timedelta
from typing import Any

import pytest
import redis

from features.events.vocabulary import Event
from features.live.customer_facts import CustomerState, facts_of, fold_customer, parse_facts
from features.live.ingest import ingest_sync
from features.live.shopper_state import milliseconds
from features.store import keys
from features.store.settings import StoreSettings

from factories import NOW, event

HOUR = timedelta(hours=1)


def state_after(
    client: redis.Redis, settings: StoreSettings, *events: Event, customer: str = "c"
) -> CustomerState:
    """A customer's state after these events."""
    ingest_sync(client, events, NOW, settings)
    log: Any = client.lrange(keys.shopper_log(customer, identified=True), 0, -1)
    facts: Any = client.hgetall(keys.customer_facts(customer, identified=True))
    return fold_customer(log, parse_facts(facts))


@pytest.mark.parametrize(
    ("kind", "fields", "facts"),
    [
        ("consent", {"properties": {"email": True, "note": "x"}}, {"consent:email": "1"}),
        ("consent", {"properties": {"pigeon": True, "sms": "unsubscribed"}}, {"consent:sms": "0"}),
        ("ticket", {"properties": {"ticket_id": 7}}, {"ticket:7": "open"}),
        ("ticket", {"properties": {"ticket_id": 7, "status": "Resolved"}}, {"ticket:7": "closed"}),
        ("survey", {"properties": {"score": 9}}, {"survey": "9"}),
        ("order_status", {"properties": {"order_id": 7, "status": "Shipped"}}, {"status:7": "shipped"}),
        (
            "order_status",
            {"properties": {"order_id": "o", "status": "delayed", "expected": "2026-12-04"}},
            {"status:o": "delayed 2026-12-04"},
        ),
        ("order_status", {"properties": {"order_id": "o", "status": "lost in space"}}, {}),
        ("order_status", {"properties": {"status": "shipped"}}, {}),
        (
            "product_issue",
            {"properties": {"product_id": "p", "issue": "It leaks."}},
            {"issue:p": "It leaks."},
        ),
        ("product_issue", {}, {}),
        ("consent", {"properties": {"service": False}}, {"consent:service": "0"}),
        ("survey", {"properties": {"score": "good"}}, {}),
        ("survey", {"properties": {"score": 10**400}}, {}),
        ("survey", {"properties": {"score": True}}, {}),
        ("review", {"properties": {"rating": 4.5}}, {"rating": "4.5"}),
        ("review", {}, {}),
        ("referral", {}, {"referral": "1"}),
        ("purchase", {"context": {"country": "DE"}}, {"country": "DE"}),
        ("view", {"context": {"country": "DE"}}, {}),
    ],
)
def test_facts_of_an_event(kind: str, fields: dict[str, Any], facts: dict[str, str]) -> None:
    assert {fact.name: fact.value for fact in facts_of(event(kind, **fields))} == facts


def test_the_latest_consent_counts_in_any_order_of_arrival(
    client: redis.Redis, settings: StoreSettings
) -> None:
    no = event("consent", at=NOW, customer_id="c", properties={"email": False})
    yes = event("consent", at=NOW - HOUR, customer_id="c", properties={"email": True})
    assert state_after(client, settings, no, yes).consents("email") is False
    assert state_after(client, settings, no, yes).consents("sms") is None


def test_known_since_the_first_identify(client: redis.Redis, settings: StoreSettings) -> None:
    visits = [event("identify", at=NOW - n * HOUR, customer_id="c", anonymous_id=f"a-{n}") for n in range(3)]
    assert state_after(client, settings, *visits).at_ms("known") == milliseconds(NOW - 2 * HOUR)


def test_facts_of_a_browser_become_those_of_its_customer(
    client: redis.Redis, settings: StoreSettings
) -> None:
    consent = event("consent", at=NOW - HOUR, anonymous_id="a", properties={"email": True})
    joined = event("identify", customer_id="c", anonymous_id="a")
    assert state_after(client, settings, consent, joined).consents("email") is True
    assert client.exists(keys.customer_facts("a", identified=False)) == 0
    later = event("survey", anonymous_id="a", properties={"score": 3})
    assert state_after(client, settings, later).number("survey") == 3.0
    assert state_after(client, settings, customer="other").facts == {}


def test_the_number_of_facts_is_limited_but_consents_are_always_stored(
    client: redis.Redis, settings: StoreSettings
) -> None:
    flood = [event("ticket", customer_id="c", properties={"ticket_id": n}) for n in range(300)]
    assert len(state_after(client, settings, *flood).facts) == 200
    no = event("consent", customer_id="c", properties={"email": False})
    assert state_after(client, settings, no).consents("email") is False
    assert 0 < client.ttl(keys.customer_facts("c", identified=True)) <= settings.shopper_ttl_days * 86_400


def test_facts_without_a_customer_or_browser_are_not_stored(
    client: redis.Redis, settings: StoreSettings
) -> None:
    ingest_sync(client, [event("survey", properties={"score": 3})], NOW, settings)
    assert list(client.scan_iter(match=f"{keys.customer_facts_prefix()}*")) == []
    assert client.zcard(keys.look_due()) == 0


def test_every_event_of_a_customer_queues_them_at_the_earliest_time(
    client: redis.Redis, settings: StoreSettings
) -> None:
    ingest_sync(client, [event("identify", customer_id="c", anonymous_id="a")], NOW, settings)
    ingest_sync(client, [event("view", anonymous_id="a")], NOW + HOUR, settings)
    assert client.zscore(keys.look_due(), "c") == milliseconds(NOW)
    client.zadd(keys.look_due(), {"c": milliseconds(NOW + 24 * HOUR)})
    ingest_sync(client, [event("view", anonymous_id="a")], NOW + HOUR, settings)
    assert client.zscore(keys.look_due(), "c") == milliseconds(NOW + HOUR)


def test_the_times_of_a_carts_beginning_and_last_change(client: redis.Redis, settings: StoreSettings) -> None:
    state = state_after(
        client,
        settings,
        event("add_to_cart", at=NOW - 5 * HOUR, customer_id="c"),
        event("remove_from_cart", at=NOW - 4 * HOUR, customer_id="c"),
        event("add_to_cart", at=NOW - 3 * HOUR, customer_id="c"),
        event("add_to_cart", at=NOW - 2 * HOUR, customer_id="c", product_id="p-2"),
    )
    began, changed = (milliseconds(NOW - n * HOUR) for n in (3, 2))
    assert (state.cart_since_ms, state.cart_changed_ms) == (began, changed)
    bought = event("purchase", customer_id="c", items=[("p-1", 1), ("p-2", 1)])
    state = state_after(client, settings, bought)
    assert (state.cart_since_ms, state.cart_changed_ms) == (0, 0)


def test_looks_are_counted_and_wishes_remembered(client: redis.Redis, settings: StoreSettings) -> None:
    events = [
        event("wishlist", at=NOW - HOUR, customer_id="c"),
        event("view", customer_id="c"),
        event("review", customer_id="c", product_id="p-2"),
    ]
    state = state_after(client, settings, *events)
    assert state.looks == {"p-1": (milliseconds(NOW), 2, True)}
    assert state.reviewed == {"p-2"}
