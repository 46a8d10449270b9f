"""Filters, pages and candidates over HTTP.

Covers api/serving/filters.py, too.
"""

from typing import Any

import httpx
import pytest

LIST = ["pot", "tea", "no such", "kettle"]


def ask(http: httpx.Client, **query: Any) -> Any:
    answer = http.get("/v1/recommendations", params={"placement": "home", "k": 7, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(http: httpx.Client, **query: Any) -> list[str]:
    return [item["product_id"] for item in ask(http, **query)["items"]]


def post(http: httpx.Client, *requests: dict[str, Any]) -> Any:
    answer = http.post(
        "/v1/recommendations", json={"requests": [{"placement": "home", **each} for each in requests]}
    )
    assert answer.status_code == 200, answer.text
    return [[item["product_id"] for item in each["items"]] for each in answer.json()["answers"]]


def test_filters_in_queries_and_bodies(http: httpx.Client) -> None:
    assert set(shown(http, filter=["colour:red|steel", "!colour:blue"])) == {"mug", "spoon", "kettle"}
    filters: list[Any] = [{"or": [{"weight": {"max": 300}}, {"colour": "blue"}]}, "!colour:steel"]
    pages = post(http, {"filter": filters[:1]}, {"filter": filters})
    assert [set(page) for page in pages] == [{"mug", "spoon", "pot"}, set()]  # no product twice on a page
    assert set(post(http, {"filter": filters})[0]) == {"mug", "pot"}


def test_filters_go_by_live_changes(http: httpx.Client) -> None:
    changes = [
        {"product_id": "tea", "attributes": {"Colour": "Red"}},
        {"product_id": "mug", "attributes": {}},
    ]
    assert http.put("/v1/catalogue", json={"products": changes}).json()["accepted"] == 2
    assert set(shown(http, filter="colour:red")) == {"tea", "pot"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("color:red", "Known: brand, colour, price, weight"),
        ("colour", "Write `colour:red`"),
        ("weight:5..1", "ends before it begins"),
    ],
)
def test_a_wrong_filter_says_what_is_right(http: httpx.Client, given: str, complaint: str) -> None:
    question = {"placement": "home", "filter": [given]}
    for answer in (
        http.get("/v1/recommendations", params=question),
        http.post("/v1/recommendations", json={"requests": [question]}),
    ):
        assert answer.status_code == 422
        assert complaint in answer.json()["detail"]
        assert answer.json()["errors"][0]["field"] == "filter"


def test_pages_continue_where_the_one_before_ended(http: httpx.Client) -> None:
    first, second = (ask(http, k=3, offset=offset)["items"] for offset in (0, 3))
    page = ask(http, k=3, offset=2)["items"]
    names = [item["product_id"] for item in first + second]
    assert len(set(names)) == 6
    assert [item["product_id"] for item in page] == names[2:5]
    assert [item["rank"] for item in page] == [3, 4, 5]
    assert ask(http, k=10, offset=500)["items"] == []


def test_candidates_come_back_in_order_with_those_unknown(http: httpx.Client) -> None:
    answer = ask(http, placement="cart", cart="kettle", candidates=",".join(LIST))
    assert [item["product_id"] for item in answer["items"]] == ["tea", "pot", "kettle"]
    assert answer["unknown"] == ["no such"]
    assert "unknown" not in ask(http)
    assert post(http, {"candidates": LIST, "k": 2, "offset": 1}) == [["tea", "kettle"]]


def test_candidates_may_go_by_other_names(http: httpx.Client) -> None:
    http.put("/v1/catalogue", json={"products": [{"product_id": "Mug-2", "title": "Mug"}]})
    answer = ask(http, candidates=" mug-2,tea")
    assert [item["product_id"] for item in answer["items"]] == ["tea"]
    assert answer["unknown"] == ["Mug-2"]


@pytest.mark.parametrize("query", [{"offset": -1}, {"offset": 501}, {"candidates": "a," * 501}])
def test_what_is_out_of_bounds_is_refused(http: httpx.Client, query: dict[str, Any]) -> None:
    answer = http.get("/v1/recommendations", params={"placement": "home", **query})
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["detail"]
