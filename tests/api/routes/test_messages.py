"""Messages as a merchant looks at them: what is due, what will be, what one customer would get.

Covers api/serving/messages_outlook.py and recommender/lifecycle/outlook.py, too.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import redis
from small_customers import bundle_with_customers

from api.schemas.triggers import DueMessages, MessageCalendar, MessagePreview
from features.home import Home
from features.store import keys
from training.worker.trigger_rounds import Lifecycle

from bundles import write_small

ANYTIME = {
    "quiet": {"from": "00:00", "until": "00:00"},
    "consent": "opt_out",
    "welcome": {"enabled": False},
    "reorder": {"enabled": False},
    "budget": {"contacts": 1, "days": 7},
}


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows customers."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


@pytest.fixture
def worker(served_home: Home, http: httpx.Client, client: redis.Redis) -> Lifecycle:
    """The worker of the served shop, which writes to everybody at any time."""
    assert http.put("/v1/triggers/settings", json={"settings": ANYTIME}).status_code == 200
    return Lifecycle(client, served_home)


def leave_carts(http: httpx.Client, *customers: str, **more: Any) -> None:
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    cart = {"type": "add_to_cart", "product_id": "pot", "timestamp": at, **more}
    events = [{**cart, "customer_id": name} for name in customers]
    assert http.post("/v1/events", json={"events": events}).json()["accepted"] == len(customers)


def due(http: httpx.Client) -> DueMessages:
    return msgspec.json.decode(http.get("/v1/triggers/due").content, type=DueMessages)


def preview(http: httpx.Client, customer: str, **more: Any) -> MessagePreview:
    answer = http.post("/v1/triggers/preview", json={"customer_id": customer, **more})
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=MessagePreview)


def test_what_is_due_is_counted_and_not_handed_out(
    http: httpx.Client, worker: Lifecycle, client: redis.Redis
) -> None:
    assert due(http) == DueMessages([], more=False)
    leave_carts(http, "zoe", "max", "tom", "eva")
    assert worker.round(int(time.time() * 1000)) == 4
    (carts,) = due(http).kinds
    assert (carts.kind, carts.waiting, carts.read) == ("abandoned_cart", 4, 0)
    assert len(carts.examples) == 3
    assert {each.products for each in carts.examples} == {("pot",)}
    assert not client.exists(*map(keys.contacts, ("zoe", "max", "tom", "eva")))
    assert len(http.get("/v1/triggers", params={"limit": 1}).text.splitlines()) == 1
    (carts,) = due(http).kinds
    assert (carts.waiting, carts.read) == (3, 1)


def test_one_customers_messages_are_previewed_with_what_holds_them_back(
    http: httpx.Client, worker: Lifecycle
) -> None:
    leave_carts(http, "zoe")
    shown = preview(http, "zoe")
    assert [(each.kind, each.products) for each in shown.due] == [("abandoned_cart", ("pot",))]
    assert shown.cards["pot"]["title"]
    assert (shown.known, shown.channel, shown.held_out, shown.budget_opens) == (True, "email", False, None)
    assert "abandoned_cart" not in {each.kind for each in shown.upcoming}  # the budget is one a week
    calmer = {**ANYTIME, "abandoned_cart": {"enabled": False}}
    assert preview(http, "zoe", settings=calmer).due == []
    asked = {**ANYTIME, "consent": "opt_in"}
    assert preview(http, "zoe", settings=asked).channel is None
    ticket = {"type": "ticket", "customer_id": "zoe", "properties": {"ticket_id": "t-1"}}
    assert http.post("/v1/events", json=ticket).json()["accepted"] == 1
    held = preview(http, "zoe")
    assert held.due == []
    assert held.held_until is not None
    assert preview(http, "nobody").known is False
    wrong = {"customer_id": "zoe", "settings": {"timezone": "Moon/Base"}}
    refused = http.post("/v1/triggers/preview", json=wrong)
    assert refused.status_code == 422
    assert "Moon/Base" in refused.json()["detail"]


def test_steps_of_a_series_fall_on_their_days(http: httpx.Client, worker: Lifecycle) -> None:
    free = {**ANYTIME, "budget": {"contacts": 100, "days": 1, "gap_hours": 0}}
    leave_carts(http, "zoe")
    kinds = [(each.kind, each.day) for each in preview(http, "zoe", settings=free).upcoming]
    today = datetime.now(UTC).date()
    carts = [day for kind, day in kinds if kind == "abandoned_cart"]
    assert len(carts) == 2  # 24 and 72 hours after the cart
    assert {(day - today).days for day in carts} <= {1, 2, 3, 4}


def test_the_calendar_counts_the_models_customers(http: httpx.Client, worker: Lifecycle) -> None:
    """An order of today is delivered in four days, and its review is asked for a week later."""
    order = {"order_id": "o-9", "items": [{"product_id": "pot", "unit_price": 9}]}
    http.post("/v1/events", json={"type": "purchase", "customer_id": "ann", "order": order})
    answer = http.get("/v1/triggers/calendar", params={"days": 14})
    shown = msgspec.json.decode(answer.content, type=MessageCalendar)
    assert [(each.day - shown.days[0].day).days for each in shown.days] == list(range(14))
    assert shown.looked_at == shown.customers == 2
    reviews = [n for n, each in enumerate(shown.days) if "review_request" in each.kinds]
    assert len(reviews) == 1
    assert reviews[0] in {11, 12}  # noon may come before the hour of the order
    assert http.get("/v1/triggers/calendar", params={"days": 90}).status_code == 422
