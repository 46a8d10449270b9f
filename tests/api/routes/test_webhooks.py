"""Webhooks by real HTTP, signed as a service signs them. Covers api/serving/webhooks.py, too."""

import json
from typing import cast

import httpx
import pytest
import redis
from shopify_shop import NEXT_SECRET, SHOP, connect, line, order, send

from features.connections.arrivals import read_state
from features.history.archiver import Archiver
from features.history.poison import poisoned
from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings

ORDER = order(1001, [line(1, "tea", "10.00", 2)])


@pytest.fixture(autouse=True)
def connected(served_home: Home) -> None:
    connect(served_home)


def streamed(client: redis.Redis) -> list[dict[str, object]]:
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    return [json.loads(fields[b"e"]) for _, fields in entries]


def test_an_order_is_taken_once_however_often_it_is_delivered(
    http: httpx.Client, client: redis.Redis
) -> None:
    outcomes = [send(http, "orders/create", ORDER, delivery="one").json()["outcome"] for _ in range(2)]
    outcomes.append(send(http, "orders/create", ORDER, delivery="two").json()["outcome"])
    assert outcomes == ["taken", "seen", "taken"]
    (event,) = streamed(client)
    assert event["type"] == "purchase"
    state = read_state(client, "shopify")
    assert {kind: each.times for kind, each in state.traffic.items()} == {
        "orders/create": 2,
        "orders/create (again)": 1,
    }
    assert state.is_well


def test_both_secrets_hold_while_one_replaces_the_other_and_no_third(
    http: httpx.Client, client: redis.Redis
) -> None:
    assert send(http, "orders/create", ORDER, secret=NEXT_SECRET).status_code == 200
    for headers in ({}, {"X-Shopify-Hmac-SHA256": ""}, {"X-Shopify-Hmac-SHA256": "~"}):
        answer = send(http, "orders/create", ORDER, secret=SHOP, **headers)
        assert answer.status_code == 401
    state = read_state(client, "shopify")
    assert not state.is_well
    assert str(state.trouble).startswith("orders/create: The signature is not that")
    assert len(streamed(client)) == 1


def test_another_shop_is_refused(http: httpx.Client, client: redis.Redis) -> None:
    answer = send(http, "orders/create", ORDER, **{"X-Shopify-Shop-Domain": "other.myshopify.com"})
    assert answer.status_code == 403
    assert SHOP in answer.json()["detail"]
    assert streamed(client) == []


def test_what_means_nothing_here_is_counted_and_answered(http: httpx.Client, client: redis.Redis) -> None:
    assert send(http, "themes/publish", {"id": 1}).json() == {"outcome": "ignored"}
    assert send(http, "orders/create", ORDER, **{"X-Shopify-Test": "true"}).json() == {"outcome": "test"}
    assert list(read_state(client, "shopify").traffic) == [
        "orders/create (test)",
        "topics that mean nothing here",
    ]
    assert streamed(client) == []


def test_what_is_not_as_documented_is_kept_for_a_person(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    assert send(http, "orders/create", {"id": 1}).json() == {"outcome": "set_aside"}
    assert "KeyError: 'line_items'" in str(read_state(client, "shopify").trouble)
    Archiver(client, served_home, settings).run(burst=True)
    ((_, kept, _),) = poisoned(served_home)
    assert kept is not None
    assert kept.fields["x"].startswith("webhook of shopify, orders/create: not as shopify documents it")
    assert kept.fields["e"] == '{"id": 1}'
    assert send(http, "orders/create", b"{").status_code == 400


def test_a_service_that_is_not_connected_has_no_webhooks(http: httpx.Client) -> None:
    assert http.post("/v1/webhooks/nobody", content=b"{}").status_code == 404
