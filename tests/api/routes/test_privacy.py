"""Erasing over HTTP holds at once and everywhere; an export is all that is held."""

from typing import Any

import httpx
import pytest
import redis

from api.serving.shoppers import customer_token
from features.home import Home
from features.store import keys
from features.store.tombstones import erasures_begun

from waiting import eventually

PUBLIC = {"Authorization": "Bearer pk_demo"}
VIEW = {"type": "view", "customer_id": "ann", "product_id": "mug"}


def sources(http: httpx.Client, customer: str) -> list[str]:
    asked = {"placement": "buy_again", "customer_id": customer}
    answer = http.get("/v1/recommendations", params=asked)
    assert answer.status_code == 200
    return [item["source"] for item in answer.json()["items"]]


def erase(http: httpx.Client, customer: str) -> None:
    answer = http.delete(f"/v1/customers/{customer}")
    assert (answer.status_code, answer.json()["state"]) == (202, "erasing")


def test_nothing_of_an_erased_customer_is_served(http: httpx.Client, client: redis.Redis) -> None:
    http.post("/v1/events", json=VIEW)
    assert "repeat" in sources(http, "ann")
    erase(http, "ann")
    assert "repeat" not in sources(http, "ann")
    assert sources(http, "ann") == sources(http, "nobody")
    assert http.get("/v1/customers/ann").json()["known"] is False
    assert http.post("/v1/offers", json={"customer_id": "ann"}).json()["degraded_reasons"] == ["erased"]
    picks = http.get("/v1/customers/ann/picks", params={"campaign": "newsletter"}).json()
    assert (picks["customer_id"], picks["degraded"]) == ("ann", False)
    assert picks["items"]
    assert not client.exists(*keys.of_customer("ann"))
    assert list(erasures_begun(client)) == ["ann"]


def test_other_processes_hear_of_it(http: httpx.Client, other_http: httpx.Client) -> None:
    assert "repeat" in sources(other_http, "ann")
    erase(http, "ann")
    eventually(lambda: "repeat" not in sources(other_http, "ann"), 5)


def test_late_events_are_dropped_and_only_a_secret_key_learns_why(
    http: httpx.Client, client: redis.Redis
) -> None:
    erase(http, "ann")
    told = {"accepted": 0, "duplicates": 0, "rejected": [], "erased": 1}
    assert http.post("/v1/events", json=VIEW).json() == told
    signed = VIEW | {"customer_token": customer_token("sk_demo", "ann")}
    public = http.post("/v1/events", json=signed, headers=PUBLIC).json()
    assert public == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert not client.exists(keys.shopper_log("ann", identified=True))
    assert client.xlen(keys.event_stream()) == 0


@pytest.mark.parametrize("customer", ["zoë@example.org", "-1", "no such"])
def test_an_export_is_one_object_with_all_that_is_held(
    http: httpx.Client, served_home: Home, customer: str
) -> None:
    known = customer != "no such"
    if known:
        assert http.post("/v1/events", json=VIEW | {"customer_id": customer}).json()["accepted"] == 1
    answer = http.get(f"/v1/customers/{customer}/export", timeout=120)
    assert answer.status_code == 200, answer.text
    held: dict[str, Any] = answer.json()
    assert held["customer_id"] == customer
    assert [row["product_id"] for row in held["events"]] == ["mug"] * known
    assert len(held["live"]["customers"][customer]["recent_events"]) == known


def test_an_absurd_order_of_an_erased_customer_is_not_set_aside(
    http: httpx.Client, client: redis.Redis
) -> None:
    erase(http, "ann")
    items = [{"product_id": "mug", "quantity": 1e7, "unit_price": 1e9}]
    absurd = {"type": "purchase", "customer_id": "ann", "order": {"order_id": "o-1", "items": items}}
    assert http.post("/v1/events", json=absurd).json()["accepted"] == 0
    assert client.xlen(keys.event_stream()) == 0
    http.post("/v1/events", json=absurd | {"customer_id": "zoe"})
    assert client.xlen(keys.event_stream()) == 1
