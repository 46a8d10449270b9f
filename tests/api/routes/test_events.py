"""`POST /v1/events`: nothing acknowledged is lost, nothing counts twice, nothing bad refuses the rest."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
import redis

from features.history.archiver import Archiver
from features.home import Home
from features.live.shopper_state import fold
from features.merchant.api_keys import add_demo_keys
from features.store import keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from training.ledger.ledger import load_ledger

from waiting import eventually

Serve = Callable[[Home, str], AbstractContextManager[str]]
VIEW = {"type": "view", "anonymous_id": "a-1", "product_id": "mug"}


def purchase(order_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "purchase",
        "customer_id": "zoe",
        "order": {"order_id": order_id, "items": [{"product_id": "mug"}]},
    } | fields


def test_one_event_and_many(http: httpx.Client) -> None:
    assert http.post("/v1/events", json=VIEW).json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert http.post("/v1/events", json={"events": [VIEW, VIEW]}).json()["accepted"] == 2
    assert http.post("/v1/events", json=VIEW).status_code == 202


def test_the_same_event_counts_once(http: httpx.Client, client: redis.Redis) -> None:
    event = VIEW | {"event_id": "e-1"}
    http.post("/v1/events", json=event)
    assert http.post("/v1/events", json={"events": [event, event]}).json()["duplicates"] == 2
    assert client.xlen(keys.event_stream()) == 1


def test_the_same_order_under_other_event_ids_counts_once(http: httpx.Client) -> None:
    orders = [
        purchase("o-1", event_id="pixel"),
        purchase("o-1", event_id="hook"),
        purchase("o-1"),
        purchase("o-2"),
    ]
    assert http.post("/v1/events", json={"events": orders}).json() == {
        "accepted": 2,
        "duplicates": 2,
        "rejected": [],
    }


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"type": "vanish"}, "vanish"),
        ({"type": "view"}, "product_id"),
        ({"type": "purchase", "order": {"order_id": "o-1"}}, "order.items"),
        ({"type": "identify", "anonymous_id": "a"}, "customer_id"),
        ({"type": "view", "product_id": "x" * 513}, "512"),
        ({"type": "view", "product_id": "a\nb"}, "regex"),
        ({"type": "view", "product_id": "p", "unit_price": -1}, "unit_price"),
        *(
            ({"type": "view", "product_id": "p", "timestamp": time}, reason)
            for time, reason in [
                ("yesterday", "timestamp"),
                ("2026-02-30T10:00:00Z", "timestamp"),
                ("0000-01-01T00:00:00Z", "timestamp"),
                (["2026-02-20T10:00:00Z"], "timestamp"),
                ("0001-01-01T00:00:00Z", "before 1990"),
                ("0001-01-01T00:00:00+14:00", "before 1990"),
                ("0001-01-01T00:00:00", "before 1990"),
                ("1969-12-31T23:59:59Z", "before 1990"),
                ("1970-01-01T00:00:00Z", "before 1990"),
                ("1989-12-31T23:59:59Z", "before 1990"),
            ]
        ),
        (3, "object"),
        (None, "object"),
    ],
)
def test_a_bad_event_never_refuses_its_batch(http: httpx.Client, bad: Any, reason: str) -> None:
    answer = http.post("/v1/events", json={"events": [VIEW, bad, VIEW]}).json()
    assert answer["accepted"] == 2
    assert [each["index"] for each in answer["rejected"]] == [1]
    assert reason in answer["rejected"][0]["reason"]


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "2099-01-01T00:00:00"])
def test_a_clock_far_ahead_is_set_right(http: httpx.Client, client: redis.Redis, time: str) -> None:
    assert http.post("/v1/events", json=VIEW | {"timestamp": time}).json()["accepted"] == 1
    entries: Any = client.xrange(keys.event_stream())
    [(_, fields)] = entries
    kept = datetime.fromisoformat(json.loads(fields[b"e"])["timestamp"])
    assert kept.timestamp() * 1000 == pytest.approx(int(fields[b"r"]), abs=1)


def test_refunds_reach_live_state_and_the_history_as_what_they_are(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    """Of 3 mugs at 8, one came back twice; 5 of 24 euros; and, without its customer's name, a whole order."""
    mugs = [{"product_id": "mug", "quantity": 3, "unit_price": 8.0}]
    orders = [
        purchase(order_id, customer_id=order_id, order={"order_id": order_id, "items": mugs})
        for order_id in ("pieces", "sum", "whole")
    ]
    piece = {"order_id": "pieces", "items": [{"product_id": "mug"}]}
    back = [
        {"type": "refund", "event_id": "r-1", "order": piece},
        {"type": "refund", "event_id": "r-2", "order": piece},
        {"type": "refund", "event_id": "r-2", "order": piece},
        {"type": "refund", "event_id": "r-3", "order": {"order_id": "sum"}, "unit_price": 5.0},
        {"type": "refund", "event_id": "r-4", "order": {"order_id": "whole"}},
    ]
    answer = http.post("/v1/events", json={"events": orders + back}).json()
    assert (answer["accepted"], answer["duplicates"]) == (7, 1)
    live = {
        name: fold(cast(list[bytes], client.lrange(keys.shopper_log(name, identified=True), 0, -1)))
        for name in ("pieces", "sum", "whole")
    }
    assert {name: [each.quantities for each in state.purchases] for name, state in live.items()} == {
        "pieces": [(1.0,)],
        "sum": [(3.0,)],
        "whole": [],
    }
    Archiver(client, served_home, settings).run(burst=True)
    orders_left = load_ledger(served_home, datetime.now(UTC).date()).orders
    assert dict(orders_left.select("order", "revenue").rows()) == pytest.approx({"pieces": 8.0, "sum": 19.0})


@pytest.mark.parametrize("product_id", ["a/b", 'say "hi"', "🧶", "x" * 500, "'; DROP TABLE", "=1+1"])
def test_odd_ids_are_taken(http: httpx.Client, product_id: str) -> None:
    assert http.post("/v1/events", json=VIEW | {"product_id": product_id}).json()["accepted"] == 1


def test_odd_amounts_are_taken(http: httpx.Client) -> None:
    items = [{"product_id": "mug", "quantity": 80_995, "unit_price": 0}]
    order = purchase("o-9") | {"order": {"order_id": "o-9", "items": items}}
    assert http.post("/v1/events", json=order).json()["accepted"] == 1


def test_beacons_are_taken(url: str) -> None:
    body = b'{"type": "view", "anonymous_id": "a-1", "product_id": "mug"}'
    answer = httpx.post(f"{url}/v1/events?key=pk_demo", content=body, headers={"Content-Type": "text/plain"})
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[" * 50_000, 400),
        (b'{"events": [' + b"{}," * 2_500 + b"{}]}", 413),
        (b'"' + b"x" * 1_000_001 + b'"', 413),
    ],
)
def test_bodies_that_cannot_be_read_are_problems(http: httpx.Client, content: bytes, status: int) -> None:
    answer = http.post("/v1/events", content=content)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_without_the_store_nothing_is_acknowledged(
    http: httpx.Client, client: redis.Redis, settings: StoreSettings
) -> None:
    client.client_pause(settings.redis_write_deadline_ms * 3)
    answer = http.post("/v1/events", json=VIEW)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("key", ["sk_demo", "pk_demo"])
def test_what_may_have_been_kept_is_sent_again_and_counts_once(
    served_home: Home, own_redis: RedisServer, serve: Serve, key: str
) -> None:
    """Redis takes the events after it has hung for longer than anybody waits."""
    add_demo_keys(served_home, None, datetime.now(UTC))
    events = [VIEW, {"type": "view"}, VIEW | {"event_id": "own"}, VIEW]
    headers = {"Authorization": f"Bearer {key}"}
    with (
        serve(served_home, own_redis.url) as url,
        redis.Redis.from_url(own_redis.url) as client,
        httpx.Client(base_url=url, headers=headers, timeout=20) as http,
    ):
        server = int(client.info("server")["process_id"])
        assert http.post("/v1/events", json=VIEW).status_code == 202
        os.kill(server, signal.SIGSTOP)
        try:
            answer = http.post("/v1/events", json={"events": events})
        finally:
            os.kill(server, signal.SIGCONT)
        assert answer.status_code == 503
        assert "may have been kept" in answer.json()["detail"]
        ids = answer.json()["event_ids"]
        assert ids[1:3] == [None, "own"]
        eventually(lambda: client.xlen(keys.event_stream()) == 4)
        again = [event | {"event_id": id} for event, id in zip(events, ids, strict=True)]
        eventually(lambda: http.get("/readyz").json()["store"] == "ok")
        taken = http.post("/v1/events", json={"events": again}).json()
        assert (taken["accepted"], taken["duplicates"]) == (0, 3)
        assert client.xlen(keys.event_stream()) == 4


@pytest.mark.parametrize(
    "kind", ["application/cloudevents+json", "Application/CloudEvents+JSON; charset=utf-8"]
)
def test_a_cloud_event_is_known_by_its_media_type_in_any_case(http: httpx.Client, kind: str) -> None:
    data = {"anonymous_id": "a", "product_id": "mug"}
    event = {"specversion": "1.0", "type": "shop.view", "source": "s", "id": "1", "data": data}
    answer = http.post("/v1/events", content=json.dumps(event), headers={"Content-Type": kind})
    assert answer.json() | {"accepted": 1, "rejected": []} == answer.json()
