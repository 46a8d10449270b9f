"""What passed between us and a service, and what went wrong."""

from datetime import UTC, datetime, timedelta

import redis

from features.connections.arrivals import (
    Traffic,
    counted,
    failed,
    note_sync,
    passed,
    read_counts,
    read_state,
)
from features.store.connection import Connection

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_messages_are_counted_by_kind_the_latest_first(client: redis.Redis) -> None:
    note_sync(client, passed("shopify", "orders/create", NOON))
    note_sync(client, passed("shopify", "refunds/create", NOON - timedelta(hours=1), 3))
    note_sync(client, passed("shopify", "orders/create", NOON + timedelta(minutes=1)))
    state = read_state(client, "shopify")
    assert list(state.traffic.items()) == [
        ("orders/create", Traffic(2, NOON + timedelta(minutes=1))),
        ("refunds/create", Traffic(3, NOON - timedelta(hours=1))),
    ]
    assert state.is_well
    assert read_state(client, "woocommerce").traffic == {}


def test_what_went_wrong_names_nobody_by_an_address(client: redis.Redis) -> None:
    note_sync(client, failed("brevo", 'contact "anna@shop.example" (<anna@shop.example>) is blocked', NOON))
    assert read_state(client, "brevo").trouble == 'contact "(an address)" (<(an address)>) is blocked'


def test_trouble_stands_until_something_passes(client: redis.Redis) -> None:
    note_sync(client, failed("klaviyo", "401: the key is not valid" + "!" * 1_000, NOON))
    state = read_state(client, "klaviyo")
    assert state.trouble is not None
    assert state.trouble.startswith("401")
    assert len(state.trouble) == 500
    assert not state.is_well
    note_sync(client, passed("klaviyo", "profiles", NOON + timedelta(seconds=1)))
    assert read_state(client, "klaviyo").is_well


async def test_what_did_not_pass_is_counted_and_is_no_sign_of_life(
    client: redis.Redis, store: Connection
) -> None:
    note_sync(client, failed("klaviyo", "503", NOON))
    note_sync(client, counted("klaviyo", "skipped: no consent", 4))
    note_sync(client, passed("shopify", "orders/create", NOON, 2))
    state = read_state(client, "klaviyo")
    assert (dict(state.counts), state.traffic, state.is_well) == ({"skipped: no consent": 4}, {}, False)
    assert await read_counts(store, ["klaviyo", "shopify", "unknown"]) == {
        ("klaviyo", "skipped: no consent"): 4,
        ("shopify", "orders/create"): 2,
    }
