"""`/v1/catalogue`: the very next answer goes by the change."""

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
