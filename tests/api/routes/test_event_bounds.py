"""Events that are too big, too many, unreadable or absurd: refused one by one, and nobody else is harmed.

Covers features/events/bounds.py and features/live/set_aside.py, too.
"""

import gzip
import json
from typing import Any

import httpx
import pytest
import redis

from features.events.bounds import MAX_DEPTH, MAX_LINES, is_deep
from features.history.archiver import Archiver
from features.history.events_parquet import scan
from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings

from waiting import eventually

VIEW = {"type": "view", "anonymous_id": "a-1", "product_id": "mug"}
GOOD = json.dumps(VIEW).encode()


def order(lines: int = 1, **line: Any) -> dict[str, Any]:
    items = [{"product_id": f"p-{number}", **line} for number in range(lines)]
    return {"type": "purchase", "customer_id": "zoe", "order": {"order_id": "o-1", "items": items}}


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else 1


def refused(http: httpx.Client, bad: bytes) -> str:
    """Why, of a bad event between two good ones."""
    content = b'{"events": [%b, %b, %b]}' % (GOOD, bad, GOOD)
    answer = http.post("/v1/events", content=content)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 2
    (rejected,) = answer.json()["rejected"]
    assert rejected["index"] == 1
    return str(rejected["reason"])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"type": "view", "anonymous_id": "a\xff", "product_id": "mug"}', "UTF-8"),
        (b'{"type": "\xff"}', "UTF-8"),
        (b'{"type": "view", "product_id": "mug", "timestamp": "0001-01-01T00:00:00+14:00"}', "1990"),
        (b'{"type": "view", "product_id": "mug", "timestamp": "2024-13-41T00:00:00Z"}', "timestamp"),
        (b'{"type": "view", "product_id": "mug", "timestamp": "10000-01-01T00:00:00Z"}', "timestamp"),
        (b'{"type": "view", "product_id": "mug", "quantity": 1e999}', "range"),
        (json.dumps(order(MAX_LINES + 1)).encode(), str(MAX_LINES)),
        (json.dumps(VIEW | {"properties": {"a": nested(MAX_DEPTH)}}).encode(), "deeper"),
        (json.dumps(VIEW | {"properties": {"a": "x" * 200_000}}).encode(), "bytes"),
    ],
)
def test_a_bad_event_refuses_no_other(http: httpx.Client, bad: bytes, reason: str) -> None:
    assert reason in refused(http, bad)


def test_what_is_just_within_the_bounds_is_taken(http: httpx.Client) -> None:
    for event in (order(MAX_LINES), VIEW | {"properties": {"a": nested(MAX_DEPTH - 1)}}):
        assert http.post("/v1/events", json=event).json()["accepted"] == 1
    assert (
        http.post("/v1/events", json=VIEW | {"timestamp": "9999-12-31T23:59:59-14:00"}).json()["accepted"]
        == 1
    )


def test_half_a_character_is_replaced_and_refuses_nothing(http: httpx.Client, client: redis.Redis) -> None:
    """Scripts that cut a text within an emoji send such halves."""
    half = b'{"type": "search", "anonymous_id": "a-1", "query": "tea \\ud83d", '
    half += b'"properties": {"a": "\\ud83d\\ude00"}}'
    answer = http.post("/v1/events", content=b'{"events": [%b, %b]}' % (GOOD, half))
    assert answer.json()["accepted"] == 2
    entries: Any = client.xrevrange(keys.event_stream(), count=1)
    ((_, newest),) = entries
    event = json.loads(newest[b"e"])
    assert event["query"] == "tea \ufffd"
    assert event["properties"] == {"a": "\U0001f600"}


def test_depth_is_counted_in_lists_and_objects() -> None:
    assert not is_deep(nested(MAX_DEPTH))
    assert is_deep(nested(MAX_DEPTH + 1))
    assert is_deep({"a": nested(MAX_DEPTH)})
    assert not is_deep(["[" * 100])


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (gzip.compress(b"[" * 30_000_000, mtime=0), 400),
        (b'{"placement":' * 60 + b"1" + b"}" * 60, 400),
        (b'{"a": "\xff"}', 400),
    ],
    ids=["gzip bomb", "deep", "not UTF-8"],
)
def test_odd_bodies_are_problems(http: httpx.Client, content: bytes, status: int) -> None:
    for headers in ({}, {"Content-Encoding": "gzip"}):
        answer = http.post("/v1/recommendations", content=content, headers=headers)
        assert answer.status_code == answer.json()["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_chunked_body_is_as_bounded_as_any(http: httpx.Client) -> None:
    answer = http.post("/v1/events", content=(b"x" * 100_000 for _ in range(100)))
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"
    assert http.post("/v1/events", content=iter([GOOD[:9], GOOD[9:]])).json()["accepted"] == 1


def test_absurd_money_is_left_to_a_person(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    absurd = order(quantity=1e7, unit_price=1e9)
    assert "worth 1e+16" in refused(http, json.dumps(absurd).encode())
    assert client.lrange(keys.shopper_log("zoe", identified=True), 0, -1) == []
    Archiver(client, served_home, settings).run(burst=True)
    (poison,) = (served_home.root / "poison").iterdir()
    assert "set aside for a person" in json.loads(poison.read_text())["reason"]
    corrected = order(quantity=1, unit_price=10)
    assert http.post("/v1/events", json=corrected).json()["accepted"] == 1  # its number is not taken yet


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer pk_demo"}], ids=["secret", "public"])
def test_the_longest_ids_reach_the_history(
    http: httpx.Client,
    client: redis.Redis,
    served_home: Home,
    settings: StoreSettings,
    headers: dict[str, str],
) -> None:
    """Event ids made of order numbers, and those of browsers, are longer than the id sent."""
    longest = "o" * 512
    bought = {"order_id": longest, "items": [{"product_id": "mug"}]}
    events: list[dict[str, Any]] = [
        VIEW | {"event_id": longest},
        {"type": "purchase", "anonymous_id": "a-1", "order": bought},
    ]
    if not headers:
        events.append({"type": "refund", "customer_id": "zoe", "product_id": "mug", "order": bought})
    answer = http.post("/v1/events", json={"events": events}, headers=headers)
    assert answer.json()["accepted"] == len(events)
    Archiver(client, served_home, settings).run(burst=True)
    assert list(served_home.poison.iterdir()) == []
    assert scan(served_home).collect()["type"].to_list() == [event["type"] for event in events]


def test_a_log_is_bounded_in_bytes_and_keeps_the_newest(
    http: httpx.Client, client: redis.Redis, settings: StoreSettings
) -> None:
    for number in range(20):
        event = order(MAX_LINES)
        event["order"]["order_id"] = f"o-{number}"
        assert http.post("/v1/events", json=event).json()["accepted"] == 1
    log = client.lrange(keys.shopper_log("zoe", identified=True), 0, -1)
    assert 1 <= len(log) < 20
    assert sum(map(len, log)) <= settings.shopper_log_bytes
    assert b"o-19" in log[0]


def test_a_full_store_refuses_and_forgets_nothing(http: httpx.Client, client: redis.Redis) -> None:
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    setting: Any = client.config_get("maxmemory")
    usual = setting["maxmemory"]
    assert int(usual) > 0
    named = VIEW | {"event_id": "e-1"}
    client.config_set("maxmemory", 1)
    try:
        answer = http.post("/v1/events", json=named)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
    finally:
        client.config_set("maxmemory", usual)
    eventually(lambda: http.post("/v1/events", json=named).json().get("accepted") == 1)
