"""`/v1/triggers` as an e-mail service and a merchant's dashboard use it.

Covers api/serving/triggers_due.py, too.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import redis

from api.schemas.triggers import TriggerLine, TriggerSettingsAnswer
from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings
from recommender.lifecycle.vocabulary.settings import Settings
from training.worker.trigger_rounds import Lifecycle

ANYTIME = {
    "quiet": {"from": "00:00", "until": "00:00"},
    "consent": "opt_out",
    "welcome": {"enabled": False},
    "reorder": {"enabled": False},
}


@pytest.fixture
def worker(served_home: Home, http: httpx.Client, client: redis.Redis) -> Lifecycle:
    """The worker of the served shop, which writes to everybody at any time."""
    assert http.put("/v1/triggers/settings", json={"settings": ANYTIME}).status_code == 200
    return Lifecycle(client, served_home)


def leave_carts(http: httpx.Client, *customers: str, hours: float = 2) -> None:
    at = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    events = [
        {"type": "add_to_cart", "customer_id": name, "product_id": "pot", "timestamp": at}
        for name in customers
    ]
    assert http.post("/v1/events", json={"events": events}).json()["accepted"] == len(customers)


def work(worker: Lifecycle, later: timedelta = timedelta()) -> int:
    return worker.round(int((time.time() + later.total_seconds()) * 1000))


def test_a_busy_store_is_waited_for(
    http: httpx.Client, worker: Lifecycle, client: redis.Redis, settings: StoreSettings
) -> None:
    leave_carts(http, "zoe")
    assert work(worker) == 1
    client.client_pause(settings.redis_write_deadline_ms + 300)
    assert len(lines(http)) == 1


def lines(http: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    answer = http.get("/v1/triggers", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [msgspec.json.decode(line) for line in answer.text.splitlines()]


def test_a_left_cart_is_read_once_with_all_that_an_email_needs(http: httpx.Client, worker: Lifecycle) -> None:
    assert lines(http) == []
    leave_carts(http, "zoe")
    assert work(worker) == 1
    (line,) = lines(http)
    trigger = msgspec.convert(line, TriggerLine)
    assert (trigger.kind, trigger.step) == ("abandoned_cart", 1)
    assert (trigger.customer_id, trigger.products) == ("zoe", ("pot",))
    assert (trigger.slot, trigger.channel, trigger.cancelled) == ("abandoned_cart_1", "email", False)
    assert trigger.reason.code == "left_cart"
    assert trigger.due_at < trigger.expires_at
    assert lines(http, since=trigger.cursor) == []
    assert work(worker, timedelta(minutes=1)) == 0


def test_the_cursor_pages_and_kinds_filter(http: httpx.Client, worker: Lifecycle) -> None:
    leave_carts(http, *[f"c-{n}" for n in range(1_203)])
    assert work(worker) == 1_203
    assert len({line["id"] for line in lines(http, preview=True)}) == 1_203
    ids, since = [], ""
    while page := lines(http, limit=500, since=since, kind="abandoned_cart,welcome"):
        ids += [line["id"] for line in page]
        since = page[-1]["cursor"]
    assert len(ids) == len(set(ids)) == 1_203
    assert lines(http, kind="welcome") == []


def test_reading_is_a_contact_and_a_preview_is_none(
    http: httpx.Client, worker: Lifecycle, client: redis.Redis
) -> None:
    leave_carts(http, "zoe")
    work(worker)
    (line,) = lines(http, preview=True)
    assert client.zcard(keys.contacts("zoe")) == 0
    assert lines(http) == lines(http) == [line]
    assert client.zrange(keys.contacts("zoe"), 0, -1) == [line["id"].encode()]


def test_a_bought_cart_is_gone_or_called_off(http: httpx.Client, worker: Lifecycle) -> None:
    leave_carts(http, "read")
    work(worker)
    (line,) = lines(http)
    leave_carts(http, "late")
    work(worker)
    for customer in ("read", "late"):
        order = {"order_id": f"o-{customer}", "items": [{"product_id": "pot"}]}
        http.post("/v1/events", json={"type": "purchase", "customer_id": customer, "order": order})
    work(worker, timedelta(minutes=1))
    (off,) = lines(http, since=line["cursor"])
    assert (off["id"], off["customer_id"], off["cancelled"]) == (line["id"], "read", True)


@pytest.mark.parametrize(
    ("what", "sent"),
    [
        ("catalogue", {"product_id": "pot", "stock": 0}),
        ("catalogue", {"product_id": "pot", "is_product": False}),
        ("event", {"type": "consent", "properties": {"email": False}}),
        ("event", {"type": "purchase", "order": {"order_id": "o-1", "items": [{"product_id": "pot"}]}}),
        ("event", {"type": "remove_from_cart", "product_id": "pot"}),
        ("event", {"type": "ticket", "properties": {"ticket_id": "1", "status": "open"}}),
    ],
    ids=["sold out", "not sold", "refused", "bought", "emptied", "trouble"],
)
def test_what_has_changed_since_is_seen_as_it_is_read(
    http: httpx.Client, worker: Lifecycle, client: redis.Redis, what: str, sent: dict[str, Any]
) -> None:
    """No worker looks between the change and the reading. What is left out is no contact."""
    leave_carts(http, "zoe")
    assert work(worker) == 1
    assert len(lines(http, preview=True)) == 1
    if what == "catalogue":
        assert http.put("/v1/catalogue", json={"products": [sent]}).json()["accepted"] == 1
    else:
        assert http.post("/v1/events", json={"customer_id": "zoe", **sent}).json()["accepted"] == 1
    assert lines(http) == []
    assert client.zcard(keys.contacts("zoe")) == 0


def test_a_price_that_is_up_again_is_no_drop(http: httpx.Client, worker: Lifecycle) -> None:
    """And of two products in a message the one that is sold out is left out."""
    work(worker)
    for product in ("pot", "tin"):
        view = {"type": "view", "customer_id": "zoe", "product_id": product}
        assert http.post("/v1/events", json=view).json()["accepted"] == 1
    work(worker, timedelta(seconds=1))
    cheap = [{"product_id": "pot", "price": 5.0}, {"product_id": "tin", "price": 1.0}]
    assert http.put("/v1/catalogue", json={"products": cheap}).json()["accepted"] == 2
    assert work(worker, timedelta(seconds=2)) == 1
    (line,) = lines(http, preview=True)
    assert (line["kind"], sorted(line["products"])) == ("price_drop", ["pot", "tin"])
    http.put("/v1/catalogue", json={"products": [{"product_id": "pot", "stock": 0}]})
    (line,) = lines(http, preview=True)
    assert line["products"] == ["tin"]
    http.put("/v1/catalogue", json={"products": [{"product_id": "tin", "price": 10.0}]})
    assert lines(http, preview=True) == []


def test_picks_and_triggers_share_one_budget(http: httpx.Client, worker: Lifecycle) -> None:
    assert http.get("/v1/customers/zoe/picks").json()["items"]
    leave_carts(http, "zoe", "yan")
    time.sleep(0.1)  # picks are noted off the response path
    work(worker)
    assert [line["customer_id"] for line in lines(http)] == ["yan"]


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"kind": "spam"}, "`spam` is none of"),
        ({"since": "yesterday"}, "not a cursor"),
        ({"since": "1-1\n"}, "not a cursor"),
        ({"limit": 0}, "limit"),
        ({"kinds": "welcome"}, "kinds"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(
    http: httpx.Client, query: dict[str, Any], complaint: str
) -> None:
    answer = http.get("/v1/triggers", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert complaint in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/triggers", "/v1/triggers/settings"])
def test_a_public_key_opens_nothing_here(http: httpx.Client, path: str) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    assert http.get(path, headers=public).status_code == 403
    assert http.put("/v1/triggers/settings", json={"settings": {}}, headers=public).status_code == 403


def saved(answer: httpx.Response) -> TriggerSettingsAnswer:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=TriggerSettingsAnswer)


def test_settings_are_versioned_and_complete(http: httpx.Client) -> None:
    first = saved(http.get("/v1/triggers/settings"))
    assert (first.revision, first.saved_at, first.settings, first.versions) == (0, None, Settings(), [])
    changed = saved(http.put("/v1/triggers/settings", json={"settings": {"budget": {"contacts": 1}}}))
    assert (changed.revision, changed.settings.budget.contacts, changed.settings.budget.days) == (1, 1, 7.0)
    stale = http.put("/v1/triggers/settings", json={"settings": {}, "revision": 0})
    assert stale.status_code == 409
    assert "`revision`: 1" in stale.json()["detail"]
    again = saved(http.put("/v1/triggers/settings", json={"settings": {}, "revision": 1}))
    assert [each.revision for each in again.versions] == [2, 1]
    assert saved(http.get("/v1/triggers/settings", params={"revision": 1})).settings == changed.settings
    assert http.get("/v1/triggers/settings", params={"revision": 9}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (3, "Expected `object`"),
        ({"colour": "red"}, "colour"),
        ({"timezone": "Mars"}, "`timezone` 'Mars'"),
        ({"quiet": {"from": "9 pm"}}, "settings.quiet.from"),
        ({"abandoned_cart": {"after_hours": [5, 2, 9]}}, "must rise"),
        ({"abandoned_cart": {"after_hours": []}}, "length >= 1"),
        ({"budget": {"contacts": 0}}, "settings.budget.contacts"),
        ({"channels": []}, "settings.channels"),
    ],
)
def test_wrong_settings_are_refused_whole(http: httpx.Client, wrong: Any, complaint: str) -> None:
    answer = http.put("/v1/triggers/settings", json={"settings": wrong})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert complaint in answer.json()["detail"]
    assert saved(http.get("/v1/triggers/settings")).revision == 0


def test_triggers_are_documented(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    assert {"get", "put"} <= document["paths"]["/v1/triggers/settings"].keys()
    assert {"TriggerLine", "TriggerSettingsAnswer", "PriceDrop"} <= document["components"]["schemas"].keys()
    names = {parameter["name"] for parameter in document["paths"]["/v1/triggers"]["get"]["parameters"]}
    assert names == {"kind", "since", "limit", "preview"}


def test_offers_that_the_catalogue_lacks_are_warnings(http: httpx.Client) -> None:
    assert http.get("/v1/triggers/settings").json()["warnings"] == []  # by default only the next best one
    settings = {"abandoned_cart": {"offers": ["none", "ten"]}, "birthday": {"offers": ["cake", "next_best"]}}
    saved = http.put("/v1/triggers/settings", json={"settings": settings}).json()
    assert [warning.split(".")[0] for warning in saved["warnings"]] == ["`abandoned_cart", "`birthday"]
    assert "`ten`" in saved["warnings"][0]
    ten = {"id": "ten", "kind": "percentage", "value": 10}
    assert http.put("/v1/offers/catalogue", json={"catalogue": {"offers": [ten]}}).status_code == 200
    (left,) = http.get("/v1/triggers/settings").json()["warnings"]
    assert "`cake`" in left
