"""The page of messages: what is due, one customer's, and settings that are checked where they are written."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import redis
from starlette.datastructures import FormData

from api.console.pages.messages import DEFAULTS, less_defaults, settings_of, wrong_fields
from features.home import Home
from training.worker.trigger_rounds import Lifecycle

PAGE = "/console/messages"
ANYTIME = {"quiet": {"from": "00:00", "until": "00:00"}, "consent": "opt_out", "welcome": {"enabled": False}}


def form_of(page: str) -> dict[str, Any]:
    """The fields of the form of settings as a browser would send them."""
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        named = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in named and (named.get("type") != "checkbox" or "checked" in tag):
            fields.setdefault(named["name"], []).append(named.get("value", ""))
    for name, options in re.findall(r'<select name="(\w+)">(.*?)</select>', page, re.DOTALL):
        fields[name] = re.findall(r'value="(\w+)" selected', options)
    return fields


def settings(console: httpx.Client) -> dict[str, Any]:
    return form_of(console.get(f"{PAGE}/settings").text)


def test_the_form_as_it_comes_changes_nothing(console: httpx.Client, http: httpx.Client) -> None:
    saved = console.post(f"{PAGE}/settings", data=settings(console))
    assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}?saved=1&before=0")
    assert http.get("/v1/triggers/settings").json()["settings"] == DEFAULTS


def test_what_is_changed_is_saved_and_taken_back(console: httpx.Client, http: httpx.Client) -> None:
    changed = settings(console) | {
        "budget.contacts": "2",
        "abandoned_cart.after_hours": "2, 30",
        "abandoned_cart.offers": "none, next_best",
        "price_drop.least_drop": "25",
        "delivery.by_country": "CH=6, AT=5",
        "timezone": "Europe/Berlin",
    }
    del changed["win_back.enabled"]
    assert console.post(f"{PAGE}/settings", data=changed).status_code == 303
    now = http.get("/v1/triggers/settings").json()["settings"]
    assert now["budget"] == {"contacts": 2, "days": 7.0, "gap_hours": 20.0}
    assert now["abandoned_cart"]["after_hours"] == [2.0, 30.0]
    assert now["abandoned_cart"]["offers"] == ["none", "next_best"]
    assert (now["price_drop"]["least_drop"], now["win_back"]["enabled"]) == (0.25, False)
    assert now["delivery"]["by_country"] == {"CH": 6.0, "AT": 5.0}
    page = console.get(PAGE, params={"saved": 1, "before": 0}).text
    assert "Europe/Berlin" in page
    assert console.post(f"{PAGE}/restore", data={"revision": 0}).status_code == 303
    assert http.get("/v1/triggers/settings").json()["settings"] == DEFAULTS


@pytest.mark.parametrize(
    ("field", "written", "said"),
    [
        ("budget.contacts", "many", "Expected `int`, got `str`"),
        ("quiet.from", "9 pm", "Expected `str` matching regex"),
        ("timezone", "Moon/Base", "is not known: use a name like"),
        ("abandoned_cart.after_hours", "24, 1", "must rise from step to step"),
        ("price_drop.least_drop", "300", "Expected `float` &lt;= 1"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    console: httpx.Client, http: httpx.Client, field: str, written: str, said: str
) -> None:
    refused = console.post(f"{PAGE}/settings", data=settings(console) | {field: written})
    assert refused.status_code == 422
    at_field = re.search(rf'id="wrong-{re.escape(field)}">([^<]*)', refused.text)
    assert at_field, refused.text
    assert said in at_field[1]
    assert written in refused.text or field == "price_drop.least_drop"
    assert http.get("/v1/triggers/settings").json()["revision"] == 0


def test_a_guide_is_added_and_removed(console: httpx.Client, http: httpx.Client) -> None:
    row = {
        "revision": "0",
        "row": ["0", "1"],
        "id-0": "descale",
        "title-0": "How to descale",
        "categories-0": "Kettles",
    }
    assert console.post(f"{PAGE}/guides", data=row).status_code == 303
    (guide,) = http.get("/v1/triggers/settings").json()["settings"]["guides"]
    assert (guide["id"], guide["title"], guide["categories"]) == ("descale", "How to descale", ["Kettles"])
    assert "How to descale" in console.get(f"{PAGE}/guides").text
    assert console.post(f"{PAGE}/settings", data=settings(console)).status_code == 303  # keeps them
    assert len(http.get("/v1/triggers/settings").json()["settings"]["guides"]) == 1
    assert console.post(f"{PAGE}/guides", data={"revision": "2", "row": "0", "id-0": ""}).status_code == 303
    assert http.get("/v1/triggers/settings").json()["settings"]["guides"] == []


def test_what_is_due_and_what_one_customer_would_get(
    console: httpx.Client, http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    http.put("/v1/triggers/settings", json={"settings": ANYTIME})
    at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    cart = {"type": "add_to_cart", "customer_id": "zoe", "product_id": "pot", "timestamp": at}
    assert http.post("/v1/events", json=cart).json()["accepted"] == 1
    shown = console.get(f"{PAGE}/preview", params={"customer": "zoe"}).text
    assert "Left cart" in shown
    assert "Promotion may go to them by email." in shown
    off = settings(console) | {"customer": "zoe"}
    del off["abandoned_cart.enabled"]
    assert "Nothing now." in console.post(f"{PAGE}/preview", data=off).text
    assert Lifecycle(client, served_home).round(int(time.time() * 1000)) == 1
    assert "They left a product in the cart" in console.get(PAGE).text
    assert console.get(f"{PAGE}/calendar").status_code == 200
    assert "customer_id" in console.get(f"{PAGE}/preview", params={"customer": ""}).text


def test_only_what_differs_from_the_defaults_is_saved() -> None:
    changed = {**DEFAULTS, "budget": {**DEFAULTS["budget"], "days": 3}, "products": 4}
    assert less_defaults(changed) == {"budget": {"days": 3}}
    assert less_defaults(DEFAULTS) == {}
    assert settings_of(FormData([("products", "x")]))["products"] == "x"
    problem = {"errors": [{"field": "settings.cart.after_hours[1]", "message": "bad"}]}
    assert wrong_fields(problem) == {"cart.after_hours": "bad"}


@pytest.mark.parametrize("address", ["javascript:alert(1)", " JaVa\tscript:alert(1)", "data:text/html,x"])
def test_a_guide_is_a_page_of_the_web(console: httpx.Client, address: str) -> None:
    row = {"revision": "0", "row": "0", "id-0": "descale", "url-0": address, "products-0": "kettle"}
    refused = console.post(f"{PAGE}/guides", data=row)
    assert refused.status_code == 422
    assert "an address of a page" in refused.text
