"""Segment's paths, as its clients send to them: keys, clocks, batches, a status a call."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import msgspec
import pytest
import redis

from api.web.settings import ApiSettings
from features.connections.arrivals import read_state
from features.store import keys

PUBLIC = ("pk_demo", "")
MUG = {"product_id": "mug", "name": "Mug", "price": 12.5, "quantity": 2}


def track(event: str, message_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "messageId": message_id, "anonymousId": "a-1"} | fields


def kept(client: redis.Redis) -> list[dict[str, Any]]:
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    return [json.loads(fields[b"e"]) for _, fields in entries]


def test_a_batch_has_a_status_a_call_and_a_bad_one_refuses_none(
    http: httpx.Client, client: redis.Redis
) -> None:
    order = {"order_id": "o-1", "currency": "EUR", "discount": 1.5, "products": [MUG]}
    batch = [
        track("Product Viewed", "m-1", properties=MUG),
        track("Product Viewed", "m-1", properties=MUG),
        track("Order Completed", "m-2", userId="zoe", properties=order),
        track("Product Viewed", "m-3", properties={}),
        track("Signed Up for a Webinar", "m-4"),
        track("Product Viewed", "m-5", properties=[1]),
        {"type": "nonsense"},
        7,
    ]
    answer = http.post("/v1/batch", json={"batch": batch})
    assert answer.status_code == 200
    told = answer.json()
    statuses = [
        "accepted",
        "duplicate",
        "accepted",
        "rejected",
        "ignored",
        "rejected",
        "rejected",
        "rejected",
    ]
    assert told["statuses"] == statuses
    assert not told["success"]
    assert [each["index"] for each in told["rejected"]] == [5, 6, 7, 3]
    view, purchase = kept(client)
    assert (view["type"], view["product_id"], view["unit_price"]) == ("view", "mug", 12.5)
    assert purchase["order"] == {
        "order_id": "o-1",
        "items": [{"product_id": "mug", "quantity": 2.0, "unit_price": 12.5}],
        "currency": "EUR",
        "discount": 1.5,
    }
    assert {kind: each.times for kind, each in read_state(client, "segment").traffic.items()} == {
        "accepted": 2,
        "duplicate": 1,
        "ignored": 1,
        "rejected": 4,
    }


def test_each_path_is_a_call_with_the_key_as_user_or_in_the_body(url: str, client: redis.Redis) -> None:
    with httpx.Client(base_url=url) as http:
        view = track("Product Viewed", "m-1", properties=MUG)
        assert http.post("/v1/track", json=view).status_code == 401
        assert http.post("/v1/track", json=view | {"writeKey": "pk_wrong"}).status_code == 401
        assert http.post("/v1/track", json=view, auth=PUBLIC).json() == {
            "success": True,
            "statuses": ["accepted"],
            "rejected": [],
        }
        for short in ("t", "track"):
            body = json.dumps(view | {"writeKey": "pk_demo"})
            beacon = http.post(f"/v1/{short}", content=body, headers={"Content-Type": "text/plain"})
            assert beacon.json()["statuses"] == ["duplicate"]
        for path in ("page", "screen", "group"):
            told = http.post(f"/v1/{path}", json={"anonymousId": "a-1"}, auth=PUBLIC).json()
            assert told["statuses"] == ["ignored"]
    assert len(kept(client)) == 1


def test_a_page_names_a_customer_only_with_their_token(url: str, client: redis.Redis) -> None:
    with httpx.Client(base_url=url, auth=PUBLIC) as http:
        view = track("Product Viewed", "m-1", userId="zoe", properties=MUG)
        assert http.post("/v1/track", json=view).json()["success"]
        identify = {"userId": "zoe", "anonymousId": "a-1", "traits": {"name": "Zoe"}}
        told = http.post("/v1/identify", json=identify).json()
        assert told["statuses"] == ["rejected"]
        assert "customer_token" in told["rejected"][0]["reason"]
    assert "customer_id" not in kept(client)[0]


def test_a_server_tells_who_a_browser_is(http: httpx.Client, client: redis.Redis) -> None:
    assert http.post("/v1/identify", json={"userId": "zoe", "anonymousId": "a-1"}).json()["success"]
    assert http.post("/v1/alias", json={"userId": "zoe", "previousId": "a-2"}).json()["success"]
    assert [(each["type"], each["customer_id"], each["anonymous_id"]) for each in kept(client)] == [
        ("identify", "zoe", "a-1"),
        ("identify", "zoe", "a-2"),
    ]


def test_times_are_corrected_by_the_senders_clock(http: httpx.Client, client: redis.Redis) -> None:
    slow = datetime.now(UTC) - timedelta(hours=5)
    times = {"timestamp": (slow - timedelta(minutes=10)).isoformat(), "sentAt": slow.isoformat()}
    http.post("/v1/track", json=track("Product Viewed", "m-1", properties=MUG, **times))
    http.post("/v1/import", json={"batch": [track("Product Viewed", "m-2", properties=MUG, **times)]})
    corrected, imported = (msgspec.convert(each["timestamp"], datetime) for each in kept(client))
    assert abs(datetime.now(UTC) - timedelta(minutes=10) - corrected) < timedelta(minutes=2)
    assert imported == slow - timedelta(minutes=10)


def test_clocks_too_far_apart_and_odd_types_refuse_no_other_call(http: httpx.Client) -> None:
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    odd = [
        track("Product Viewed", "odd-1", properties=MUG, timestamp=first, sentAt=last),
        track("Product Viewed", "odd-2", properties=MUG, timestamp=last, sentAt=first),
        {"type": ["track"]},
        track("Product Viewed", "odd-3", properties=MUG),
    ]
    answer = http.post("/v1/batch", json={"batch": odd})
    assert answer.status_code == 200
    assert answer.json()["statuses"] == ["rejected", "accepted", "rejected", "accepted"]  # ahead: now
    reasons = {each["index"]: each["reason"] for each in answer.json()["rejected"]}
    assert "before 1990" in reasons[0]


def test_a_packed_body_is_unpacked_as_far_as_bodies_may_go(http: httpx.Client) -> None:
    packed = {"Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps(track("Product Viewed", "m-1", properties=MUG)).encode())
    assert http.post("/v1/track", content=body, headers=packed).json()["statuses"] == ["accepted"]
    assert http.post("/v1/events", content=body[:-9], headers=packed).status_code == 400
    assert http.post("/v1/track", content=b"no gzip", headers=packed).status_code == 400
    assert http.post("/v1/track", content=b"{}", headers={"Content-Encoding": "br"}).status_code == 415
    bomb = gzip.compress(b" " * 50_000_000)
    assert http.post("/v1/track", content=bomb, headers=packed).status_code == 413


def test_too_many_calls_and_what_is_no_call_are_refused_with_what_to_do(http: httpx.Client) -> None:
    assert "send them in parts" in http.post("/v1/batch", json={"batch": [{}] * 2_501}).json()["detail"]
    assert "`batch` must be a list" in http.post("/v1/batch", json={"batch": 1}).json()["detail"]
    assert "JSON object" in http.post("/v1/track", json=[1]).json()["detail"]


def test_the_browser_client_learns_where_to_send(url: str) -> None:
    told = httpx.get(f"{url}/v1/projects/pk_demo/settings").json()
    host = url.removeprefix("http://")
    sender = {"apiKey": "pk_demo", "apiHost": f"{host}/v1", "protocol": "http"}
    assert told["integrations"] == {"Segment.io": sender}
    claims = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    for names in (claims, {"Host": "127.0.0.1@evil.example"}, {"Host": "127.0.0.1:80/evil"}):
        answer = httpx.get(f"{url}/v1/projects/pk_demo/settings", headers=names)
        assert "evil" not in answer.text
        assert (answer.status_code, "PERENNIAL_PUBLIC_URL" in answer.text) == (404, True)


@pytest.mark.parametrize("api_settings", [ApiSettings(drain_s=1, public_url="https://recs.shop.example/")])
def test_behind_a_proxy_the_browser_client_is_told_the_address_of_the_service(url: str) -> None:
    for host in (httpx.URL(url).netloc.decode(), "recs.shop.example", "evil.example"):
        told = httpx.get(f"{url}/v1/projects/pk_demo/settings", headers={"Host": host}).json()
        sender = {"apiKey": "pk_demo", "apiHost": "recs.shop.example/v1", "protocol": "https"}
        assert told["integrations"] == {"Segment.io": sender}
