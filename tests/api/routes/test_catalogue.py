"""`/v1/catalogue`: the very next answer goes by the change."""

from typing import Any

import httpx
import pytest


def products(http: httpx.Client) -> list[str]:
    answer = http.get("/v1/recommendations", params={"placement": "home", "k": 7})
    return [item["product_id"] for item in answer.json()["items"]]


def test_out_of_stock_products_vanish_and_come_back(http: httpx.Client) -> None:
    assert "mug" in products(http)
    body = {"products": [{"product_id": "mug", "stock": 0}, {"product_id": "tea", "price": -1}]}
    answer = http.put("/v1/catalogue", json=body).json()
    assert answer["accepted"] == 1
    assert "tea" in answer["rejected"]
    assert "mug" not in products(http)
    assert http.get("/v1/catalogue").json() == {"products": [{"product_id": "mug", "stock": 0.0}]}
    http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "stock": 5}]})
    assert "mug" in products(http)


@pytest.mark.parametrize("body", [{}, {"products": 3}, {"products": [{"stock": 1}]}, []])
def test_a_wrong_catalogue_body_is_a_problem(http: httpx.Client, body: object) -> None:
    assert http.put("/v1/catalogue", json=body).status_code == 422


def test_a_known_product_in_another_spelling_is_that_product(http: httpx.Client) -> None:
    http.put("/v1/catalogue", json={"products": [{"product_id": "Mug-2", "title": "Mug"}]})
    body = {"products": [{"product_id": " mug-2", "stock": 0}, {"product_id": "new", "stock": 1}]}
    answer = http.put("/v1/catalogue", json=body).json()
    assert answer == {"accepted": 2, "rejected": {}, "renamed": {" mug-2": "Mug-2"}}
    live = {fields["product_id"]: fields for fields in http.get("/v1/catalogue").json()["products"]}
    assert live == {
        "Mug-2": {"product_id": "Mug-2", "title": "Mug", "stock": 0.0},
        "new": {"product_id": "new", "stock": 1.0},
    }


def test_a_retired_product_is_never_shown(http: httpx.Client) -> None:
    http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "retired": True}]})
    assert "mug" not in products(http)
    assert "mug" not in str(http.get("/v1/recommendations?placement=home&k=7&in_stock=false").json())
    http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "retired": False}]})
    assert "mug" in products(http)


def test_titles_and_prices_by_market_are_shown_at_once(http: httpx.Client) -> None:
    mug = {
        "product_id": "mug",
        "translations": {"de": {"title": "Becher", "url": "/de/becher"}, "fr": {"title": "Mug rouge"}},
        "prices": {"AT": {"price": 9}, "USD": {"price": 12}},
    }
    assert http.put("/v1/catalogue", json={"products": [mug]}).json()["rejected"] == {}

    def shown(path: str = "/v1/recommendations", **fields: str | float) -> dict[str, Any]:
        fields |= {"placement": "home"} if path.endswith("recommendations") else {}
        items = http.get(path, params={"k": 7, **fields}).json()["items"]
        return next((each for each in items if each["product_id"] == "mug"), {})

    def says(item: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(item.get(name) for name in ("title", "price", "currency", "url"))

    assert says(shown()) == ("Mug", 8, "EUR", None)
    assert says(shown(language="de-AT", country="AT")) == ("Becher", 9, "EUR", "/de/becher")
    assert says(shown(currency="USD", language="fr")) == ("Mug rouge", 12, "USD", None)
    assert shown(max_price=8.5)
    assert not shown(max_price=8.5, country="at")
    picks = "/v1/customers/bob/picks"
    assert says(shown(picks, preview="true", language="de", country="AT"))[:2] == ("Becher", 9)
    again = {"product_id": "mug", "translations": {"de": None}, "prices": {"AT": {"price": 10}}}
    http.put("/v1/catalogue", json={"products": [again]})
    assert says(shown(language="de", country="AT"))[:2] == ("Mug", 10)
    assert shown(language="fr", currency="USD")["title"] == "Mug rouge"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"translations": {"deutsch": {"title": "Becher"}}}, "translations"),
        ({"translations": {"de": {"name": "Becher"}}}, "name"),
        ({"translations": {"de": {"url": "javascript:alert(1)"}}}, "url"),
        ({"prices": {"AT": {"price": 0}}}, "price"),
        ({"prices": {"AT": {"price": 9, "currency": "euro"}}}, "currency"),
        ({"prices": [9]}, "prices"),
    ],
)
def test_a_wrong_translation_or_price_is_told(http: httpx.Client, fields: object, word: str) -> None:
    body = {"products": [{"product_id": "mug", **dict(fields)}]}  # type: ignore[call-overload]
    answer = http.put("/v1/catalogue", json=body).json()
    assert answer["accepted"] == 0
    assert word in answer["rejected"]["mug"]
