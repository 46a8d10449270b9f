"""Live events and questions name products as the catalogue, the pixel or a spreadsheet does."""

import json
from typing import cast

import httpx
import polars as pl
import redis
from histories import list_products

from features.catalogue.live_names import unknown_names
from features.catalogue.names import publish_names
from features.catalogue.products import add_aliases
from features.home import Home
from features.store import keys


def streamed(client: redis.Redis) -> list[str]:
    """Products of the events taken, in order."""
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    events = [json.loads(fields[b"e"]) for _, fields in entries]
    return [
        line["product_id"]
        for event in events
        for line in (event["order"]["items"] if "order" in event else [event])
    ]


def known(home: Home, client: redis.Redis) -> None:
    list_products(home, {"mug": "Mug", "TEA033": "Tea"})
    add_aliases(home, pl.DataFrame({"alias": ["44012"], "product_id": ["mug"]}))
    publish_names(client, home)


def test_events_are_kept_under_the_products_own_ids(
    http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    known(served_home, client)
    order = {"order_id": "o1", "items": [{"product_id": " MUG "}, {"product_id": "44012", "quantity": 2}]}
    events = [
        {"type": "view", "anonymous_id": "a", "product_id": "tea033"},
        {"type": "view", "anonymous_id": "a", "product_id": "mug"},
        {"type": "purchase", "customer_id": "c", "order": order},
        {"type": "view", "anonymous_id": "a", "product_id": "strange"},
    ]
    assert http.post("/v1/events", json={"events": events}).json()["accepted"] == 4
    assert streamed(client) == ["TEA033", "mug", "mug", "mug", "strange"]
    assert unknown_names(client) == {"strange": 1}


def test_unknown_names_are_counted_without_bound_on_what_is_sent(
    http: httpx.Client, client: redis.Redis
) -> None:
    views = [{"type": "view", "anonymous_id": "a", "product_id": f"x-{number % 30}"} for number in range(90)]
    http.post("/v1/events", json={"events": views})
    http.post("/v1/events", json=views[0])
    assert unknown_names(client)["x-0"] == 4
    assert len(unknown_names(client)) == 30
    text = http.get("/metrics").text
    assert 'perennial_event_products_total{match="unknown"}' in text
    assert "x-0" not in text


def test_questions_name_products_so_too(http: httpx.Client, served_home: Home, client: redis.Redis) -> None:
    known(served_home, client)
    own, *others = [
        http.get("/v1/recommendations", params={"placement": "cart", "cart": name, "k": 3}).json()["items"]
        for name in ("mug", " Mug", "44012")
    ]
    assert others == [own, own]
    assert "mug" not in {item["product_id"] for item in own}
