"""Webhooks by real HTTP, signed as a service signs them. Covers api/serving/webhooks.py and
training/worker/exports.py, too."""

import json
from datetime import UTC, datetime
from typing import cast

import httpx
import pytest
import redis
from shopify_shop import NEXT_SECRET, SECRET, SHOP, WEBHOOKS, connect, line, order, refund, send
from typer.testing import CliRunner

from features.cli.connect_shopify import CLICKS
from features.connections.arrivals import read_state
from features.connections.settings_file import remove_connection, save_connection
from features.history.archiver import Archiver
from features.history.events_parquet import scan
from features.history.poison import poisoned
from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings
from features.store.tombstones import EVERYBODY, erasures_begun
from perennial import app
from training.privacy.erase import finish_erasures
from training.worker.exports import write_exports

ANNA = "Anna Roth"
PAID = {"kind": "refund", "status": "success"}
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


def test_deliveries_that_nobody_signed_write_one_note_a_minute_and_are_counted(
    http: httpx.Client, client: redis.Redis
) -> None:
    def counted(outcome: str) -> float:
        line = f'perennial_webhooks_total{{outcome="{outcome}",service="shopify"}} '
        return float(f"{http.get('/metrics').text.partition(line)[2]}\n0".partition("\n")[0] or 0)

    refused, taken = counted("refused"), counted("taken")
    noted = set()
    for _ in range(20):
        assert send(http, "orders/create", ORDER, secret=SHOP).status_code == 401
        noted.add(read_state(client, "shopify").trouble_at)
    assert len(noted) == 1
    assert send(http, "orders/create", ORDER).json() == {"outcome": "taken"}
    assert (counted("refused") - refused, counted("taken") - taken) == (20, 1)


def test_a_secret_that_is_no_list_opens_nothing(http: httpx.Client, served_home: Home) -> None:
    save_connection(served_home, "shopify", {"shop": SHOP, "secrets": SECRET})
    for secret in (SECRET, SECRET[0]):
        assert send(http, "orders/create", ORDER, secret=secret).status_code == 503


def test_a_connection_that_lacks_its_secrets_takes_nothing_and_says_what_mends_it(
    http: httpx.Client, served_home: Home, client: redis.Redis, redis_url: str
) -> None:
    save_connection(served_home, "shopify", {"shop": SHOP})
    assert send(http, "orders/create", ORDER).status_code == 503
    told = CliRunner().invoke(
        app, ["connect", "--home", str(served_home.root), "--json"], env={"REDIS_URL": redis_url}
    )
    assert "has no `secrets` of shopify: `perennial connect shopify` mends it" in told.stdout


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
    assert "`line_items` is missing" in str(read_state(client, "shopify").trouble)
    Archiver(client, served_home, settings).run(burst=True)
    ((_, kept, _),) = poisoned(served_home)
    assert kept is not None
    assert kept.fields["x"].startswith("webhook of shopify, orders/create: not as shopify documents it")
    assert kept.fields["e"] == '{"id": 1}'
    assert send(http, "orders/create", b"{").status_code == 400


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("orders/create", []),
        ("orders/create", {**ORDER, "shipping_lines": [5]}),
        ("refunds/create", refund(9, ORDER, "10.00", {1: 0})),
        ("refunds/create", {**refund(9, ORDER, "10.00"), "transactions": {"a": 1}}),
        ("customers/update", {"id": 7, "updated_at": "x", "email_marketing_consent": "subscribed"}),
        ("customers/redact", None),
        ("customers/redact", ORDER),
        ("customers/data_request", ORDER),
        ("shop/redact", ORDER),
    ],
)
def test_no_payload_that_is_signed_breaks_its_delivery(
    http: httpx.Client, client: redis.Redis, topic: str, payload: object
) -> None:
    assert send(http, topic, payload).json() == {"outcome": "set_aside"}
    assert "not as shopify documents it" in str(read_state(client, "shopify").trouble)


@pytest.mark.parametrize(
    ("topic", "payload", "field"),
    [
        (
            "orders/create",
            {**ORDER, "line_items": [{**ORDER["line_items"][0], "price": ANNA}]},
            "line_items.0.price",
        ),
        ("orders/create", {**ORDER, "updated_at": ANNA}, "updated_at"),
        ("orders/create", {**ORDER, "shipping_lines": [{"price": f" {ANNA}"}]}, "shipping_lines.0.price"),
        (
            "refunds/create",
            {**refund(9, ORDER, "10.00"), "transactions": [PAID | {"amount": ANNA}]},
            "transactions.0.amount",
        ),
        (f"orders/{ANNA}", ORDER, None),
    ],
)
def test_what_is_kept_of_a_bad_payload_names_the_field_and_never_its_value(
    http: httpx.Client, client: redis.Redis, topic: str, payload: dict[str, object], field: str | None
) -> None:
    send(http, topic, payload)
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    kept = [str(read_state(client, "shopify").trouble), *(str(each.get(b"x")) for _, each in entries)]
    assert "anna" not in str(kept).lower()
    assert field is None or all(f"`{field}` cannot be read" in each for each in kept)
    send(http, topic, payload, secret=SHOP)
    assert "anna" not in str(read_state(client, "shopify")).lower()


def test_products_are_live_at_once_under_their_own_ids(http: httpx.Client, client: redis.Redis) -> None:
    client.hset(keys.product_names(), "mug", "mug")  # as an import publishes it
    variant: dict[str, object] = {
        "id": 41,
        "title": "Default Title",
        "sku": "MUG",
        "price": "7.50",
        "inventory_item_id": 11,
    }
    variant |= {"inventory_management": "shopify", "inventory_quantity": 3}
    product = {"id": 51, "title": "Mug", "handle": "the-mug", "status": "active", "variants": [variant]}
    assert send(http, "products/update", product).json() == {"outcome": "taken"}
    level = {"inventory_item_id": 11, "location_id": 1, "available": 0}
    assert send(http, "inventory_levels/update", level).json() == {"outcome": "taken"}
    listed = {each["product_id"]: each for each in http.get("/v1/catalogue").json()["products"]}
    assert (listed["mug"]["price"], listed["mug"]["stock"]) == (7.5, 0.0)
    http.post("/v1/events", json={"type": "view", "anonymous_id": "a", "product_id": "51"})
    assert streamed(client)[-1]["product_id"] == "mug"


def test_a_customer_is_erased_or_exported_by_every_name(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    send(http, "orders/create", ORDER)
    asked = {"shop_domain": SHOP, "customer": {"id": 7_001, "email": ORDER["email"]}}
    assert send(http, "customers/data_request", asked).json() == {"outcome": "taken"}
    (path,) = write_exports(client, served_home, settings, datetime.now(UTC))
    held = json.loads(path.read_bytes())
    assert (held["customer_id"], [each["order_id"] for each in held["orders"]]) == ("7001", ["1001"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(write_exports(client, served_home, settings, datetime.now(UTC))) == []
    assert send(http, "customers/redact", asked).json() == {"outcome": "taken"}
    assert "7001" in erasures_begun(client)
    assert send(http, "orders/updated", ORDER | {"updated_at": "2026-11-22T09:00:00Z"}).status_code == 200
    assert client.xlen(keys.event_stream()) == 0


def test_a_shop_is_erased_where_it_was_connected_so(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    send(http, "orders/create", ORDER)
    assert send(http, "shop/redact", {"shop_domain": SHOP}).json() == {"outcome": "taken"}
    assert "--erase-on-redact" in str(read_state(client, "shopify").trouble)
    assert erasures_begun(client) == {}
    save_connection(served_home, "shopify", {"shop": SHOP, "secrets": [NEXT_SECRET], "erase_on_redact": True})
    send(http, "shop/redact", {"shop_domain": SHOP}, secret=NEXT_SECRET)
    assert list(erasures_begun(client)) == [EVERYBODY]
    erased = finish_erasures(served_home, client, settings, erasures_begun(client))
    assert erased.customers >= 2  # by their id, and by their address
    assert erased.events == 1
    assert erasures_begun(client) == {}
    assert scan(served_home).collect().is_empty()


def test_whoever_follows_the_page_sees_each_webhook_arrive(
    http: httpx.Client, redis_url: str, served_home: Home
) -> None:
    remove_connection(served_home, "shopify")

    def run(*words: str, answers: str = "") -> str:
        command = ["connect", "shopify", *words, "--home", str(served_home.root)]
        result = CliRunner().invoke(app, command, input=answers, env={"REDIS_URL": redis_url})
        assert result.exit_code == 0, result.output
        return result.output

    said = run("--url", str(http.base_url), answers=f"{SHOP}\n{NEXT_SECRET}\n")
    assert f"URL {http.base_url}{WEBHOOKS}" in said
    for topic in CLICKS.values():
        sent = send(http, topic, {"id": 1}, secret=NEXT_SECRET, **{"X-Shopify-Test": "true"})
        assert sent.json() == {"outcome": "test"}
    checked = run("--check")
    assert checked.count("arrived") == len(CLICKS)
    assert "not yet" not in checked


def test_what_we_refuse_is_acknowledged_and_kept(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    long = order(1002, [line(number, f"sku-{number}", "1.00") for number in range(501)])
    assert send(http, "orders/create", long).json() == {"outcome": "taken"}
    assert "length <= 500" in str(read_state(client, "shopify").trouble)
    Archiver(client, served_home, settings).run(burst=True)
    ((_, kept, _),) = poisoned(served_home)
    assert kept is not None
    assert json.loads(kept.fields["e"])["name"] == "#1002"


def test_a_service_that_is_not_connected_has_no_webhooks(http: httpx.Client) -> None:
    assert http.post("/v1/webhooks/nobody", content=b"{}").status_code == 404
