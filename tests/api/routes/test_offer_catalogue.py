"""`/v1/offers/catalogue` as a merchant uses it."""

from typing import Any

import httpx
import msgspec
import pytest

from api.schemas.offers import CatalogueAnswer

TEN = {"id": "ten", "kind": "percentage", "value": 10, "budgets": ["spring"]}
SPRING = {"id": "spring", "amount": 100}


def put(http: httpx.Client, **catalogue: Any) -> httpx.Response:
    return http.put("/v1/offers/catalogue", json={"catalogue": catalogue})


def saved(answer: httpx.Response) -> CatalogueAnswer:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=CatalogueAnswer)


def test_offers_are_versioned_and_complete(http: httpx.Client) -> None:
    first = saved(http.get("/v1/offers/catalogue"))
    assert (first.revision, first.saved_at, first.catalogue.offers, first.versions) == (0, None, (), [])
    changed = saved(put(http, offers=[TEN], budgets=[SPRING], sets={"forbidden": ["pot"]}))
    (offer,) = changed.catalogue.offers
    assert (changed.revision, offer.value, offer.valid_days) == (1, 10, 14)
    stale = http.put("/v1/offers/catalogue", json={"catalogue": {}, "revision": 0})
    assert stale.status_code == 409
    assert "`revision`: 1" in stale.json()["detail"]
    again = saved(http.put("/v1/offers/catalogue", json={"catalogue": {}, "revision": 1}))
    assert [(each.revision, each.offers) for each in again.versions] == [(2, 0), (1, 1)]
    assert saved(http.get("/v1/offers/catalogue", params={"revision": 1})).catalogue == changed.catalogue
    assert http.get("/v1/offers/catalogue", params={"revision": 9}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"offers": [TEN]}, "draws on budget `spring`"),
        ({"offers": [{"id": "a", "kind": "lottery"}]}, "lottery"),
        ({"offers": [{"id": "a", "kind": "gift", "cost": -1}]}, "cost"),
        ({"offers": [{"id": "none", "kind": "gift"}]}, "means no offer"),
        ({"budgets": [SPRING, SPRING]}, "2 budgets are called"),
        ({"sets": {"fixed": [{"products": ["mug", "mug"]}]}}, "names a product twice"),
        ({"sets": {"fixed": [{"products": ["mug", "tea"]}], "forbidden": ["tea"]}}, "forbidden"),
        ({"sets": {"fixed": [{"products": ["mug", "tea"]}], "apart": [["tea", "mug"]]}}, "apart"),
        ({"sets": {"fixed": [{"products": ["mug"]}]}}, "length >= 2"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_catalogue_is_refused_whole(
    http: httpx.Client, wrong: dict[str, Any], complaint: str
) -> None:
    answer = put(http, **wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert complaint in answer.json()["detail"]
    assert saved(http.get("/v1/offers/catalogue")).revision == 0


def test_an_offer_that_loses_money_at_todays_costs_is_refused(http: httpx.Client) -> None:
    half = {"id": "half", "kind": "percentage", "value": 50}
    catalogue = saved(put(http, offers=[half]))
    assert catalogue.warnings == [
        "No product's cost is known: nobody gets an offer that costs money. Import costs."
    ]
    costs = [{"product_id": name, "price": 10.0, "cost": 6.0} for name in ("mug", "tea", "spoon")]
    assert http.put("/v1/catalogue", json={"products": costs}).json()["accepted"] == 3
    answer = put(http, offers=[half])
    assert answer.status_code == 422
    assert "`half` loses money on every product" in answer.json()["detail"]
    assert saved(put(http, offers=[{**half, "value": 30}])).warnings == []


def test_unknown_products_are_warnings(http: httpx.Client) -> None:
    gift = {"id": "g", "kind": "gift", "cost": 2, "products": ["unicorn", "mug"]}
    catalogue = saved(put(http, offers=[gift]))
    assert "The model does not know the product `unicorn`." in catalogue.warnings


def test_a_public_key_opens_nothing_here(http: httpx.Client) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    assert http.get("/v1/offers/catalogue", headers=public).status_code == 403
    put = http.put("/v1/offers/catalogue", json={"catalogue": {}}, headers=public)
    assert put.status_code == 403


def test_the_catalogue_is_documented(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    assert {"get", "put"} <= document["paths"]["/v1/offers/catalogue"].keys()
    assert {"CatalogueAnswer", "Offer", "Eligibility", "Sets"} <= document["components"]["schemas"].keys()
