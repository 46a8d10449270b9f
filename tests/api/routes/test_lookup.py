"""Any product and customer of the shop, by what somebody types."""

import httpx
import pytest

from features.home import Home
from features.people.names import people_key

from waiting import eventually


def products(http: httpx.Client, q: str) -> list[str]:
    return [each["product_id"] for each in http.get("/v1/products", params={"q": q}).json()["products"]]


def customers(http: httpx.Client, q: str) -> list[tuple[str, str]]:
    found = http.get("/v1/customer-search", params={"q": q}).json()["customers"]
    return [(each["customer_id"], each["by"]) for each in found]


@pytest.mark.parametrize(
    ("q", "found"), [("t", ["tea", "tin", "postage", "kettle", "pot"]), ("ketle", ["kettle"]), ("coffee", [])]
)
def test_products_are_found_by_words_and_their_parts(http: httpx.Client, q: str, found: list[str]) -> None:
    assert products(http, q) == found


def test_a_product_that_a_live_change_tells_of_is_found_and_shown(http: httpx.Client) -> None:
    changes = [{"product_id": "jug", "title": "Milk jug", "price": 9.0}, {"product_id": "mug", "stock": 3}]
    assert http.put("/v1/catalogue", json={"products": changes}).status_code == 200
    eventually(lambda: products(http, "milk") == ["jug"])
    jug = http.get("/v1/products/jug").json()
    assert (jug["known"], jug["price"], jug["similar"]) == (False, 9.0, [])
    assert products(http, " MUG ")[0] == "mug"
    assert http.get("/v1/products/mug").json()["stock"] == 3


def test_a_product_has_neighbours(http: httpx.Client) -> None:
    kettle = http.get("/v1/products/kettle").json()
    assert (kettle["category"], kettle["brand"], kettle["buyers"]) == ("kitchen", "fern", 40)
    assert "tea" in {each["product_id"] for each in kettle["complements"]}
    assert "postage" not in str(kettle)  # never shown
    assert http.get("/v1/products/no such").status_code == 404


def test_customers_are_found_by_id_its_beginning_and_address(http: httpx.Client, served_home: Home) -> None:
    assert customers(http, "ann") == [("ann", "id")]
    assert customers(http, "AN") == [("ann", "beginning")]
    assert customers(http, "zoe") == customers(http, "") == []
    address = people_key(served_home).email("zoe@shop.example")
    event = {"event_id": "e1", "type": "view", "product_id": "tea", "customer_id": address}
    assert http.post("/v1/events", json={"events": [event]}).status_code == 202
    assert customers(http, " Zoe@Shop.example ") == [(address, "address")]


def test_who_was_erased_is_not_found(http: httpx.Client) -> None:
    assert http.delete("/v1/customers/bob").status_code == 202
    assert customers(http, "bob") == customers(http, "b") == []
