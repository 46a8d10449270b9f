"""`/v1/non-products`: the shop says what is no product."""

import httpx

from features.catalogue.non_product_rule import read_rule
from features.home import Home


def test_what_is_saved_is_the_homes_rule(http: httpx.Client, served_home: Home) -> None:
    assert http.get("/v1/non-products").json()["rule"] == {"ids": [], "titles": [], "products": []}
    rule = {"ids": ["SHIP-*"], "titles": ["Trinkgeld*"]}
    saved = http.put("/v1/non-products", json={"rule": rule})
    assert (saved.status_code, saved.json()["revision"]) == (200, 1)
    assert http.get("/v1/non-products").json()["rule"] == rule | {"products": []}
    assert read_rule(served_home).ids == ("SHIP-*",)
    assert http.put("/v1/non-products", json={"rule": {"ids": [""]}}).status_code == 422
    assert http.put("/v1/non-products", json={"rule": {}, "revision": 7}).status_code == 409


def test_a_file_that_cannot_be_read_is_said(http: httpx.Client, served_home: Home) -> None:
    (served_home.root / "non_products.json").write_text("[]")
    assert "non_products.json cannot be read" in http.get("/v1/non-products").json()["problem"]
