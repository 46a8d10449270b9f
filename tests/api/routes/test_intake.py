"""What comes in and whether it is well, as an owner looks at it.

Covers api/serving/catalogue_health.py, too.
"""

from datetime import UTC, datetime

import httpx
import msgspec
import redis

from api.schemas.intake import CatalogueHealth, ConnectedServices, LiveEvents
from features.connections.arrivals import failed, note_sync, passed
from features.connections.settings_file import save_connection
from features.home import Home
from features.importers.records import ImportRecord, write_record

NOW = datetime(2026, 11, 22, 10, 51, tzinfo=UTC)
ORDER = {
    "type": "purchase",
    "customer_id": "ann",
    "order": {
        "order_id": "o-5",
        "currency": "EUR",
        "items": [
            {"product_id": "mug", "quantity": 2, "unit_price": 5.5},
            {"product_id": "MUG-OLD", "unit_price": 1},
        ],
    },
    "context": {"country": "DE"},
}


def test_live_events_are_shown_with_no_more_of_a_person_than_the_id(http: httpx.Client) -> None:
    search = {"type": "search", "anonymous_id": "a-1", "query": "ann@example.com", "properties": {"x": "y"}}
    assert http.post("/v1/events", json={"events": [ORDER, search]}).json()["accepted"] == 2
    shown = msgspec.json.decode(http.get("/v1/events", params={"last": 5}).content, type=LiveEvents)
    assert shown.waiting == 2
    searched, bought = shown.events
    assert (searched.type, searched.anonymous_id, searched.known) == ("search", "a-1", None)
    assert (bought.customer_id, bought.order_id, bought.value, bought.currency) == ("ann", "o-5", 12.0, "EUR")
    assert (bought.product_id, bought.lines, bought.known) == ("mug", 2, False)
    assert "example.com" not in http.get("/v1/events").text
    assert len(http.get("/v1/events", params={"last": 1}).json()["events"]) == 1


def test_the_catalogue_says_what_it_lacks(http: httpx.Client, served_home: Home) -> None:
    http.post("/v1/events", json=ORDER)
    record = ImportRecord("20261122-105100", NOW, ("feed.tsv",), "catalogue", "merchant", "merchant", 3, 3)
    write_record(served_home, record)
    http.put(
        "/v1/catalogue", json={"products": [{"product_id": "mug", "title": "Mug", "image_url": "/mug.png"}]}
    )
    health = msgspec.json.decode(http.get("/v1/catalogue/health").content, type=CatalogueHealth)
    assert health.offered >= health.in_stock > 0
    assert health.imported_at == NOW
    assert health.missing["image_url"].products == health.offered - 1
    assert "mug" not in health.missing["image_url"].examples
    assert health.live.named >= 2
    assert [(each.name, each.times) for each in health.live.unknown] == [("MUG-OLD", 1)]


def test_connections_say_what_passed_and_what_is_wrong(
    http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    assert http.get("/v1/connections").json() == {"connections": []}
    save_connection(served_home, "shopify", {"secrets": ["s"]})
    note_sync(client, passed("shopify", "orders/create", NOW, 3))
    note_sync(client, failed("shopify", "a signature does not fit", datetime(2026, 11, 22, 12, tzinfo=UTC)))
    answer = http.get("/v1/connections")
    (shopify,) = msgspec.json.decode(answer.content, type=ConnectedServices).connections
    assert (shopify.service, shopify.well, shopify.last_at) == ("shopify", False, NOW)
    assert [(each.kind, each.times) for each in shopify.traffic] == [("orders/create", 3)]
    assert shopify.trouble == "a signature does not fit"
    assert "secrets" not in answer.text
