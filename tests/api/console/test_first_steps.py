"""A new shop sees what to do first, and what of it is done."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis

from features.home import Home
from features.merchant.api_keys import create_key

from waiting import eventually

TO_DO, DONE = "to do</span>", "done</span>"


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """Without anything: the shop's owner has just started the service."""
    return Home(tmp_path / "shop")


def test_a_shop_without_anything_is_shown_the_way(console: httpx.Client) -> None:
    page = console.get("/console/this-week")
    assert page.status_code == 200
    assert (page.text.count(TO_DO), page.text.count(DONE)) == (6, 0)
    assert "perennial-recs" in page.text


def test_what_is_done_is_ticked_off(console: httpx.Client, served_home: Home, client: redis.Redis) -> None:
    create_key(served_home, client, "public", "pages", datetime(2026, 12, 1, tzinfo=UTC))
    eventually(lambda: console.get("/console/this-week").text.count(DONE) == 1)


@pytest.mark.parametrize(
    "page",
    [
        "recommendations",
        "try-it",
        "merchandising",
        "offers",
        "messages",
        "experiments",
        "customers",
        "data",
        "service",
    ],
)
def test_each_page_opens_in_a_shop_without_anything(console: httpx.Client, page: str) -> None:
    assert console.get(f"/console/{page}").status_code == 200


def test_orders_that_wait_for_a_training_are_ticked_off(console: httpx.Client, http: httpx.Client) -> None:
    orders = b"order_id;timestamp;customer_id;sku;quantity;unit_price\n1;2026-11-03 10:15;ann;A1;2;7,70\n"
    file = http.post("/v1/imports/files", params={"name": "orders.csv"}, content=orders).json()
    http.post("/v1/imports", json={"file": file["id"], "kind": "orders"})
    eventually(lambda: "Your orders are in" in console.get("/console/this-week").text)
