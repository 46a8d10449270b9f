"""Customers, products and made-up visits: what they see, and why."""

from pathlib import Path

import httpx
import pytest
import redis
from small_customers import bundle_with_customers

from features.home import Home
from features.store import keys

from bundles import write_small

PAGE = "/console/try-it"


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """Its model knows what customers are worth."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


def test_customers_and_products_are_found(console: httpx.Client) -> None:
    assert console.get(PAGE).status_code == 200
    found = console.get(f"{PAGE}/search", params={"q": "an"}).text
    assert "/console/try-it?customer=ann" in found
    found = console.get(f"{PAGE}/search", params={"q": "ketle"}).text
    assert "/console/try-it?product=kettle" in found
    assert console.get(f"{PAGE}/search", params={"q": " "}).text.strip() == ""


def test_a_customer_is_shown_with_what_they_see_and_nothing_is_counted(
    console: httpx.Client, http: httpx.Client, client: redis.Redis
) -> None:
    events = [{"type": "add_to_cart", "customer_id": "ann", "product_id": "pot"}]
    assert http.post("/v1/events", json=events).status_code == 202
    page = console.get(PAGE, params={"customer": "ann"})
    assert page.status_code == 200
    for text in ("Customer ann", "Expected in a year", "In the cart:", "Home page", "Buy again", "No offer"):
        assert text in page.text
    assert 'id="answer-cart"' in page.text
    assert client.xlen(keys.served_stream()) == client.xlen(keys.decision_stream()) == 0


def test_a_stranger_a_product_and_a_made_up_visit(console: httpx.Client) -> None:
    assert "a stranger sees" in console.get(PAGE, params={"customer": "zoe"}).text
    kettle = console.get(PAGE, params={"product": "kettle"}).text
    assert "Bought with it" in kettle
    assert 'id="answer-product_complements"' in kettle
    assert "Nobody has told of a product" in console.get(PAGE, params={"product": "no such"}).text
    visit = console.get(PAGE, params={"viewed": "kettle, mug", "cart": "tea", "country": "DE"}).text
    assert "Because you looked at" in visit
    assert 'id="answer-cart"' in visit


def test_it_says_why_a_product_is_not_shown(console: httpx.Client) -> None:
    def why(**params: str) -> str:
        return console.get(f"{PAGE}/why-not", params=params).text

    assert "It is not shown here" in why(q="postage", placement="home", customer="ann")
    assert "It is shown here, in place" in why(q="Mug", placement="home")
    assert "No product fits" in why(q="piano", placement="home")
