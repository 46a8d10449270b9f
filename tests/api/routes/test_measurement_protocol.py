"""`/mp/collect`: what servers send to Google Analytics 4."""

from typing import Any, cast

import httpx
import redis

from features.store import keys

ITEM = {"item_id": "mug", "item_name": "Mug", "price": 12.5, "quantity": 2}
PURCHASE = {
    "name": "purchase",
    "params": {"transaction_id": "o-1", "currency": "EUR", "value": 25, "shipping": 4.9, "items": [ITEM]},
}


def body(*events: Any, **fields: Any) -> dict[str, Any]:
    return {"client_id": "11.22", "events": list(events)} | fields


def collect(url: str, sent: Any, key: str = "sk_demo") -> httpx.Response:
    return httpx.post(f"{url}/mp/collect", params={"measurement_id": "G-1", "api_secret": key}, json=sent)


def kept(client: redis.Redis) -> list[str]:
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    return [fields[b"e"].decode() for _, fields in entries]


def test_events_are_taken_under_their_names_and_a_repeat_counts_once(url: str, client: redis.Redis) -> None:
    view = {"name": "view_item", "params": {"session_id": 7, "items": [ITEM]}}
    sent = body(view, PURCHASE, {"name": "scroll"}, user_id="zoe", timestamp_micros="1772359200000000")
    assert collect(url, sent).json()["statuses"] == ["accepted", "accepted", "ignored"]
    assert collect(url, sent).json()["statuses"] == ["duplicate", "duplicate", "ignored"]
    seen, bought = kept(client)
    assert '"session_id":"11.22.7"' in seen
    assert '"order_id":"o-1"' in bought
    assert '"shipping":4.9' in bought
    assert '"timestamp":"2026-03-01T10:00:00Z"' in bought


def test_a_bad_event_refuses_no_other_and_says_why(url: str) -> None:
    no_items = {"name": "purchase", "params": {"items": [3]}}
    told = collect(url, body({"params": {}}, PURCHASE, 7, no_items)).json()
    assert told["statuses"] == ["rejected", "accepted", "rejected", "rejected"]
    assert not told["success"]
    assert all(each["reason"] for each in told["rejected"])


def test_numbers_beyond_all_measure_reject_their_event_alone(url: str) -> None:
    for micros in (10**30, "9" * 25, 1e300):
        told = collect(url, body(PURCHASE, timestamp_micros=micros))
        assert (told.status_code, told.json()["statuses"]) == (200, ["rejected"])
    dear = {"name": "view_item", "params": {"items": [ITEM | {"price": 10**400}]}}
    assert collect(url, body(dear, PURCHASE)).json()["statuses"] == ["accepted", "accepted"]


def test_a_key_is_needed_and_a_page_may_only_claim(url: str, client: redis.Redis) -> None:
    assert collect(url, body(PURCHASE), "G-secret").status_code == 401
    assert collect(url, {"events": 1}).status_code == 400
    assert collect(url, body(PURCHASE, user_id="zoe"), "pk_demo").json()["success"]
    [bought] = kept(client)
    assert '"claimed":true' in bought
    assert "zoe" not in bought
