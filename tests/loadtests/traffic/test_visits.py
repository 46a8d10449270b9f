from collections import Counter
from itertools import islice
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from loadtests.traffic.visits import ShopOnSale, campaign, visit, visits

PRODUCTS = [{"product_id": f"p-{number}", "price": 2.5} for number in range(100)]
SHOP = ShopOnSale.of({"products": PRODUCTS, "categories": [{"id": "tea", "name": "Tea"}]})


def test_looks_follow_a_power_law() -> None:
    rng = Random(7)
    looks = Counter(SHOP.product(rng) for _ in range(50_000))
    assert looks[0] / looks[9] == pytest.approx(10, rel=0.15)
    assert looks[0] / looks[49] == pytest.approx(50, rel=0.4)


def test_one_seed_makes_one_story() -> None:
    first, again = (list(islice(visits(SHOP, Random(7)), 200)) for _ in range(2))
    assert first == again
    assert first != list(islice(visits(SHOP, Random(8)), 200))


def test_shoppers_browse_search_fill_carts_and_buy() -> None:
    calls = list(islice(visits(SHOP, Random(7)), 3_000))
    kinds = {call.body["type"] for call in calls if call.body}
    assert kinds == {"view", "search", "add_to_cart", "purchase"}
    placements = {call.name.partition(" ")[2] for call in calls if call.body is None}
    assert placements == {"home", "product_complements", "cart"}
    ids = [call.body["event_id"] for call in calls if call.body]
    assert len(set(ids)) == len(ids)


def test_a_visit_is_one_persons_and_buys_what_is_in_the_cart() -> None:
    stories = (list(visit(SHOP, Random(seed))) for seed in range(100))
    story = next(calls for calls in stories if calls[-1].body and calls[-1].body["type"] == "purchase")
    assert len({call.body["anonymous_id"] for call in story if call.body}) == 1
    carts = [parse_qs(urlsplit(call.path).query)["cart"][0] for call in story if call.name.endswith("cart")]
    last = story[-1].body
    assert last is not None
    bought = [item["product_id"] for item in last["order"]["items"]]
    assert bought == carts[-1].split(",")


def test_a_campaign_asks_for_one_customer_after_another() -> None:
    calls = list(islice(campaign(Random(7)), 500))
    assert {call.name for call in calls} == {"/v1/recommendations email"}
    assert len({call.path for call in calls}) > 450
