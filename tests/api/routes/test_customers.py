"""A customer's profile over HTTP: model, live orders, contacts, and whatever may be missing."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
import redis
from small_customers import bundle_with_customers

from features.home import Home
from features.merchant.tiers import TIERS_FILE
from features.store import keys
from training.worker.trigger_rounds import Lifecycle

from bundles import write_small


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows ann and bob, with a tier from 50 on."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    (home.root / TIERS_FILE).write_text('{"tiers": [{"name": "Silver", "threshold": 50}]}')
    return home


def of(http: httpx.Client, customer: str) -> dict[str, Any]:
    answer = http.get(f"/v1/customers/{customer}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_the_profile(http: httpx.Client) -> None:
    ann = of(http, "ann")
    assert (ann["customer_id"], ann["known"], ann["orders"], ann["revenue"]) == ("ann", True, 5, 60.0)
    assert ann["tier"]["name"] == "Silver"
    assert ann["segment"] in {"champions", "at risk", "about to leave", "lost"}  # by today's date
    estimate = ann["predicted_clv_365d"]
    assert estimate["low"] <= estimate["value"]
    assert estimate["low"] <= estimate["high"]
    assert ann["degraded_reasons"] == []


ASKED = ("/v1/customers", "/v1/picks")


@pytest.mark.parametrize("customer", ["a/b", "a|b c", "/", "a/", "ü?&#", "a/picks"])
def test_any_id_has_a_profile_picks_and_an_end(http: httpx.Client, customer: str) -> None:
    sent = {"type": "view", "customer_id": customer, "product_id": "pot"}
    assert http.post("/v1/events", json=sent).json()["accepted"] == 1
    by_query = {"customer_id": customer}
    path = f"/v1/customers/{quote(customer, safe='')}"
    answers = [http.get(f"{path}/picks"), *(http.get(where, params=by_query) for where in ASKED)]
    if not customer.endswith("/picks"):
        answers.append(http.get(path))
    assert {answer.json()["customer_id"] for answer in answers} == {customer}
    assert http.delete("/v1/customers", params=by_query).json()["customer_id"] == customer


def test_an_id_with_a_slash_is_exported(http: httpx.Client) -> None:
    assert http.get("/v1/customers/a%2Fb/export", timeout=60).json()["customer_id"] == "a/b"


@pytest.mark.parametrize("path", ["/v1/customers/%00", "/v1/customers/a%0Ab/export", "/v1/customers"])
def test_an_id_that_no_event_may_have_is_refused(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 422


def test_an_order_is_in_the_very_next_profile(http: httpx.Client) -> None:
    before = of(http, "ann")
    order = {"order_id": "o-1", "items": [{"product_id": "pot", "quantity": 1, "unit_price": 20.0}]}
    sent = http.post("/v1/events", json={"type": "purchase", "customer_id": "ann", "order": order})
    assert sent.status_code == 202
    after = of(http, "ann")
    assert (after["orders"], after["revenue"]) == (before["orders"] + 1, before["revenue"] + 20.0)
    assert after["recency_days"] < 0.1
    assert after["churn_risk"] == 0.0


def test_picks_that_were_asked_for_are_contacts(http: httpx.Client) -> None:
    picks = http.get("/v1/customers/ann/picks", params={"send_id": "june", "k": 2}).json()
    (contact,) = of(http, "ann")["last_contacts"]
    assert (contact["about"], contact["id"]) == ("picks", "june")
    assert contact["product_ids"] == [item["product_id"] for item in picks["items"]]


def test_triggers_that_were_read_are_contacts_and_one_with_the_picks_for_them(
    http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    settings = {"quiet": {"from": "00:00", "until": "00:00"}, "consent": "opt_out"}
    assert http.put("/v1/triggers/settings", json={"settings": settings}).status_code == 200
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    cart = {"type": "add_to_cart", "customer_id": "zoe", "product_id": "pot", "timestamp": at}
    assert http.post("/v1/events", json=cart).status_code == 202
    Lifecycle(client, served_home).round(int(time.time() * 1000))
    assert of(http, "zoe")["last_contacts"] == []  # nobody has read it
    triggers = [msgspec.json.decode(line) for line in http.get("/v1/triggers").text.splitlines()]
    (reminder,) = [each for each in triggers if each["kind"] == "abandoned_cart"]
    contacts = of(http, "zoe")["last_contacts"]
    assert {"abandoned_cart"} <= {each["about"] for each in contacts}
    before = len(contacts)
    http.get("/v1/customers/zoe/picks", params={"send_id": reminder["id"], "k": 1})
    after = of(http, "zoe")["last_contacts"]
    assert len(after) == before
    (one,) = [each for each in after if each["id"] == reminder["id"]]
    assert len(one["product_ids"]) == 1


def test_what_they_say_of_themselves_is_in_the_very_next_profile(http: httpx.Client) -> None:
    ann = of(http, "ann")
    assert (ann["consent"], ann["consents"], ann["country"]) == (True, {"email": True}, "DE")
    event = {
        "type": "consent",
        "customer_id": "ann",
        "properties": {"email": False, "sms": True},
        "context": {"country": "AT", "language": "it"},
    }
    assert http.post("/v1/events", json=event).status_code == 202
    ann = of(http, "ann")
    assert (ann["consent"], ann["consents"]) == (False, {"email": False, "sms": True})
    assert (ann["country"], ann["language"]) == ("AT", "it")


@pytest.mark.parametrize("customer", ["nobody", "a%20b", "%F0%9F%8C%B1", "=1+1"])
def test_somebody_unknown_is_no_error(http: httpx.Client, customer: str) -> None:
    profile = of(http, customer)
    assert (profile["known"], profile["orders"], profile["segment"], profile["predicted_clv_365d"]) == (
        False,
        0,
        None,
        None,
    )


def test_tiers_that_cannot_be_used_leave_the_rest(http: httpx.Client, served_home: Home) -> None:
    (served_home.root / TIERS_FILE).write_text("{")
    assert (of(http, "ann")["tier"], of(http, "ann")["orders"]) == (None, 5)


def test_without_the_store_the_model_s_part_is_answered(http: httpx.Client, client: redis.Redis) -> None:
    client.client_pause(3_000, all=True)
    profile = of(http, "ann")
    assert profile["orders"] == 5
    assert profile["degraded_reasons"] == ["store_unavailable"]


def tell(http: httpx.Client, kind: str, **event: Any) -> None:
    sent = {"type": kind, "customer_id": "ann", **event}
    assert http.post("/v1/events", json=sent).json()["accepted"] == 1


def test_what_was_browsed_and_lies_in_the_cart(http: httpx.Client) -> None:
    assert (of(http, "ann")["viewed"], of(http, "ann")["cart"]) == ([], None)
    tell(http, "view", product_id="pot")
    tell(http, "wishlist", product_id="mug")
    tell(http, "view", product_id="pot")
    tell(http, "add_to_cart", product_id="tea", quantity=2)
    ann = of(http, "ann")
    assert [(each["product_id"], each["times"], each["wished"]) for each in ann["viewed"]] == [
        ("pot", 2, False),
        ("mug", 1, True),
    ]
    assert ann["cart"]["products"] == {"tea": 2.0}
    assert ann["cart"]["since"] == ann["cart"]["changed"]


def test_what_the_shop_told_needs_no_browser(http: httpx.Client) -> None:
    told = {"gender": "f", "city": "Lyon", "household": "2", "shoe_size": 38, "postcode": 69001}
    tell(http, "identify", properties=told)
    assert of(http, "ann")["demographics"] == {"gender": "f", "city": "Lyon", "household": "2"}


def test_tickets_and_answers(http: httpx.Client) -> None:
    tell(http, "ticket", properties={"ticket_id": "t-1"})
    tell(http, "ticket", properties={"ticket_id": "t-2"})
    tell(http, "ticket", properties={"ticket_id": "t-2", "status": "solved"})
    tell(http, "survey", properties={"score": 4})
    ann = of(http, "ann")
    assert [(each["id"], each["open"]) for each in ann["tickets"]] == [("t-1", True), ("t-2", False)]
    assert (ann["survey"]["value"], ann["rating"]) == (4.0, None)


def test_points_are_added_redeemed_and_merged(http: httpx.Client, client: redis.Redis) -> None:
    assert of(http, "ann")["points"] is None
    for number, points in enumerate((100, 20.5, -50)):
        for _ in range(2):  # a repeat counts once
            sent = {"type": "loyalty", "customer_id": "ann", "event_id": f"l-{number}"}
            http.post("/v1/events", json={**sent, "properties": {"points": points}}).raise_for_status()
    assert of(http, "ann")["points"] == {"earned": 0.0, "added": 120.5, "redeemed": 50.0, "balance": 70.5}
    assert client.ttl(keys.customer_facts("ann", identified=True)) == -1
    tell(http, "loyalty", customer_id="ann-2", properties={"points": 9})
    tell(http, "loyalty", customer_id="ann-2", properties={"points": -1})
    http.post("/v1/customers/merge", json={"customer_id": "ann-2", "into": "ann"}).raise_for_status()
    assert of(http, "ann")["points"]["balance"] == 78.5


def test_orders_earn_points_where_tiers_go_by_them(http: httpx.Client, served_home: Home) -> None:
    tiers = '{"by": "points", "points_per_unit": 2, "tiers": [{"name": "Silver", "threshold": 50}]}'
    (served_home.root / TIERS_FILE).write_text(tiers)
    tell(http, "loyalty", properties={"points": -100})
    ann = of(http, "ann")
    assert ann["points"] == {"earned": 120.0, "added": 0.0, "redeemed": 100.0, "balance": 20.0}
    assert ann["tier"]["name"] == "Silver"  # redeeming lowers none


@pytest.mark.parametrize("points", [None, 0, "many", True, 1e12])
def test_points_are_a_number(http: httpx.Client, points: Any) -> None:
    sent = {"type": "loyalty", "customer_id": "ann", "properties": {"points": points}}
    [rejected] = http.post("/v1/events", json=sent).json()["rejected"]
    assert "properties.points" in rejected["reason"]


def test_e_mails_are_in_the_customer_s_language(http: httpx.Client) -> None:
    asked = [{"customer_id": "ann"}, {"customer_id": "bob"}, {"customer_id": "ann", "language": "fr"}]
    headings = [http.get("/v1/picks", params=query).json()["heading"] for query in asked]
    assert headings == ["Für Sie", "For you", "Pour vous"]


def test_one_call_tells_a_support_desk_everything(http: httpx.Client) -> None:
    order = {"order_id": "o-1", "items": [{"product_id": "pot", "quantity": 2, "unit_price": 20.0}]}
    sent = [
        {"type": "purchase", "customer_id": "ann", "order": order},
        {"type": "ticket", "customer_id": "ann", "properties": {"ticket_id": "t-1", "status": "open"}},
    ]
    assert http.post("/v1/events", json=sent).json()["accepted"] == 2
    asked = {"with": "picks,offers,orders,tickets"}
    ann = http.get("/v1/customers/ann", params=asked).json()
    assert ann["latest_orders"][0]["order_id"] == "o-1"
    assert ann["latest_orders"][0]["products"] == {"pot": 2}
    assert [(each["product_id"], each["orders"]) for each in ann["bought"]] == [("tea", 4), ("mug", 1)]
    assert ann["picks"]["items"]
    assert ann["offer"]["reason"]["text"].startswith("The shop has no offers yet")
    assert [ticket["id"] for ticket in ann["tickets"]] == ["t-1"]
    assert ann["last_contacts"] == []  # a look at picks sends nothing
    assert http.get("/v1/customers", params={**asked, "customer_id": "ann"}).json()["bought"] == ann["bought"]


def test_messages_that_are_due_are_told_until_they_expire(http: httpx.Client, client: redis.Redis) -> None:
    soon, far = (int((time.time() + seconds) * 1000) for seconds in (-60, 3600))
    for name, expires in (("late", soon), ("ann:reorder:tea:1", far)):
        held = {"id": name, "kind": "reorder", "place": "1-0", "at_ms": 1, "keys": [], "expires_ms": expires}
        client.hset(keys.triggers_waiting("ann"), name, json.dumps(held))
    due = http.get("/v1/customers/ann?with=messages").json()["messages_due"]
    assert [(each["id"], each["kind"]) for each in due] == [("ann:reorder:tea:1", "reorder")]


def test_parts_are_told_where_they_are_asked_for(http: httpx.Client) -> None:
    parts = {"picks", "offer", "latest_orders", "bought"}
    assert not of(http, "ann").keys() & parts
    assert http.get("/v1/customers/ann?with=picks").json().keys() & parts == {"picks"}
    stranger = http.get("/v1/customers/stranger?with=picks,offers,orders").json()
    assert (stranger["known"], stranger["bought"], stranger["latest_orders"]) == (False, [], [])
    assert stranger["picks"]["items"]
    assert http.get("/v1/customers/ann?with=picks,moods").status_code == 422
    assert http.delete("/v1/customers/bob").status_code == 202
    assert not http.get("/v1/customers/bob?with=picks,offers,orders").json().keys() & parts
