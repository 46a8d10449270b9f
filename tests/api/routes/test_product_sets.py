"""`/v1/bundles` as a product page, a cart and a merchant use it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from api.schemas.offers import SetAnswer, SetsAnswer
from features.home import Home
from recommender.arrays.tables import SetTable
from recommender.model.bundle import Bundle

from bundles import PRICES, VERSION, item, neighbours, small_bundle, write_small


def bundle_with_sets() -> Bundle:
    """It sells kettle with mug (50 of 500 orders of kettles) and mug with spoon."""
    bundle = small_bundle()
    table = SetTable(
        items=np.array(
            [[item("kettle"), item("mug"), -1, -1], [item("mug"), item("spoon"), -1, -1]], np.int32
        ),
        support=np.array([50, 20], np.int32),
        lift=np.array([3.0, 2.0], np.float32),
        orders=np.array([100, 500, 100, 100, 100, 100, 100, 100], np.int32),
        pairs=neighbours({"kettle": [("mug", 3.0, 50)], "mug": [("kettle", 3.0, 50)]}),
    )
    product = replace(bundle.tables.product, cost=np.array(PRICES, np.float32) * np.float32(0.2))
    return replace(bundle, tables=replace(bundle.tables, sets=table, product=product))


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home that sells sets."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_sets)
    return home


def ask(http: httpx.Client, **query: Any) -> list[SetAnswer]:
    answer = http.get("/v1/bundles", params=query)
    assert answer.status_code == 200, answer.text
    sets = msgspec.json.decode(answer.content, type=SetsAnswer)
    assert (sets.model_version, sets.degraded_reasons) == (VERSION, [])
    return sets.bundles


def products(bundles: list[SetAnswer]) -> list[list[str]]:
    return [[each.product_id for each in one.items] for one in bundles]


def test_a_set_is_priced_with_its_evidence(http: httpx.Client) -> None:
    (best, _) = ask(http, product_id="mug")
    assert [each.product_id for each in best.items] == ["kettle", "mug"]
    assert (best.items[0].title, best.items[0].price, best.items[0].currency) == ("Kettle", 30.0, "EUR")
    assert (best.list_price, best.support, best.lift) == (38.0, 50, 3.0)
    assert best.discount > 0.05
    assert best.bundle_price == pytest.approx(38 * (1 - best.discount), abs=0.01)
    assert best.expected_margin_gain is not None
    assert best.expected_margin_gain > 0
    assert "off:" in (best.pricing or "")
    assert best.reason.evidence == {"orders": 50, "lift": 3.0}
    assert best.discount in {0.05, 0.1, 0.15, 0.2, 0.25, 0.3}


def test_margins_are_not_for_browsers(http: httpx.Client) -> None:
    answer = http.get("/v1/bundles", headers={"Authorization": "Bearer pk_demo"})
    bundles = msgspec.json.decode(answer.content, type=SetsAnswer).bundles
    assert [(each.expected_margin_gain, each.pricing) for each in bundles] == [(None, None)]
    assert bundles[0].discount > 0


def test_carts_named_or_live(http: httpx.Client) -> None:
    assert products(ask(http, cart="spoon,unknown")) == [["mug", "spoon"]]
    event = {"type": "add_to_cart", "customer_id": "zoe", "product_id": "kettle"}
    assert http.post("/v1/events", json=event).json()["accepted"] == 1
    assert products(ask(http, customer_id="zoe")) == [["kettle", "mug"]]
    assert products(ask(http)) == [["kettle", "mug"]]  # the shop's best; the mug is in one set only


def test_what_was_bought_a_moment_ago_is_not_sold_again(http: httpx.Client) -> None:
    order = {"order_id": "o-1", "items": [{"product_id": "kettle"}]}
    http.post("/v1/events", json={"type": "purchase", "customer_id": "zoe", "order": order})
    assert products(ask(http, customer_id="zoe")) == [["mug", "spoon"]]


def test_the_merchants_word_and_todays_costs_count_at_once(http: httpx.Client) -> None:
    sets = {"fixed": [{"products": ["tea", "tin"], "name": "Pantry"}], "forbidden": ["spoon"]}
    catalogue = {"sets": sets, "minimum_margin": 0.75}
    assert http.put("/v1/offers/catalogue", json={"catalogue": catalogue}).status_code == 200
    bundles = ask(http)
    assert products(bundles) == [["tea", "tin"], ["kettle", "mug"]]
    assert (bundles[0].name, bundles[0].reason.code, bundles[0].discount) == ("Pantry", "chosen_by_shop", 0.0)
    assert bundles[1].bundle_price * 0.25 >= 38 * 0.2 - 0.01
    dear = {"products": [{"product_id": "kettle", "cost": 9.0}]}
    assert http.put("/v1/catalogue", json=dear).json()["accepted"] == 1
    assert products(ask(http)) == [["tea", "tin"]]  # at list price the kettle leaves too little


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": "many"}, {"product": "mug"}])
def test_a_wrong_question_says_what_is_wrong(http: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = http.get("/v1/bundles", params=wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_what_is_unknown_leaves_the_best_of_the_shop(http: httpx.Client) -> None:
    assert ask(http, product_id="unicorn", k=5) == ask(http, cart="unicorn", k=5) == ask(http, k=5)
