"""`/v1/recommendations/why-not`, asked by a merchant."""

from typing import Any

import httpx


def why(http: httpx.Client, **query: Any) -> Any:
    answer = http.get("/v1/recommendations/why-not", params={"placement": "home", "k": 7, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(answer: Any) -> list[str]:
    return [each["code"] for each in answer["reasons"]]


def test_a_product_is_shown_until_something_keeps_it_away(http: httpx.Client) -> None:
    assert (why(http, product_id="tea")["shown"], why(http, product_id="tea")["rank"]) == (True, 2)
    http.put("/v1/catalogue", json={"products": [{"product_id": "tea", "stock": 0}]})
    http.put("/v1/merchandising", json={"rules": [{"id": "no-tea", "kind": "hide", "products": ["tea"]}]})
    http.post("/v1/events", json={"type": "add_to_cart", "anonymous_id": "a-1", "product_id": "tea"})
    answer = why(http, product_id="tea", anonymous_id="a-1", filter="colour:red", page_product_id="tea")
    assert codes(answer) == ["out_of_stock", "filter", "on_page", "in_cart", "rule"]
    assert (answer["shown"], answer["rank"], answer["placement"]) == (False, None, "home")


def test_what_a_customer_bought_rests(http: httpx.Client) -> None:
    assert codes(why(http, product_id="kettle", customer_id="bob")) == ["bought_lately"]
    assert codes(why(http, product_id="no such")) == ["unknown_product"]


def test_the_question_is_checked(http: httpx.Client) -> None:
    for query in (
        {"placement": "home"},
        {"product_id": "tea"},
        {"placement": "home", "product_id": "tea", "filter": "x:1"},
    ):
        assert http.get("/v1/recommendations/why-not", params=query).status_code == 422
    public = {"Authorization": "Bearer pk_demo"}
    asked = {"placement": "home", "product_id": "tea"}
    assert http.get("/v1/recommendations/why-not", params=asked, headers=public).status_code == 403
