"""A new shop sees what to do first, and what of it is done."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis

from api.console.navigation import PAGES
from features.home import Home
from features.merchant.api_keys import create_key

from waiting import eventually

STEP = re.compile(r"(done|to do)</span>\s*(?:<a[^>]*>)?([^<]+)<")


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """Without anything: the shop's owner has just started the service."""
    return Home(tmp_path / "shop")


def steps(console: httpx.Client) -> dict[str, bool]:
    """Whether each is done, without the last: events are counted by the process, which other tests share."""
    page = console.get("/console/this-week")
    assert page.status_code == 200
    *others, (state, last) = STEP.findall(page.text)
    assert last.startswith("Put the widget")
    assert state == "done" or "perennial-recs" in page.text
    return {name.strip(): state == "done" for state, name in others}


def test_a_shop_without_anything_is_shown_the_way(console: httpx.Client) -> None:
    assert list(steps(console).values()) == [False] * 5


def test_what_is_done_is_ticked_off(console: httpx.Client, served_home: Home, client: redis.Redis) -> None:
    create_key(served_home, client, "public", "pages", datetime(2026, 12, 1, tzinfo=UTC))
    eventually(lambda: steps(console)["Make a public key for your pages"])
    assert sum(steps(console).values()) == 1


def test_each_page_opens_in_a_shop_without_anything(console: httpx.Client) -> None:
    found = {page: console.get(f"/console/{page.replace('_', '-')}").status_code for page in PAGES}
    assert found == dict.fromkeys(PAGES, 200)


def test_orders_that_wait_for_a_training_are_ticked_off(console: httpx.Client, http: httpx.Client) -> None:
    orders = b"order_id;timestamp;customer_id;sku;quantity;unit_price\n1;2026-11-03 10:15;ann;A1;2;7,70\n"
    file = http.post("/v1/imports/files", params={"name": "orders.csv"}, content=orders).json()
    http.post("/v1/imports", json={"file": file["id"], "kind": "orders"})
    eventually(lambda: "Your orders are in" in console.get("/console/this-week").text)
