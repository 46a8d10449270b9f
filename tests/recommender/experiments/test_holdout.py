"""Held-out visitors see best sellers, whoever they are."""

from dataclasses import replace

import pytest

from features.live.shopper_state import ShopperState
from recommender.context.request import PLACEMENTS, Request
from recommender.experiments.holdout import popular_for_holdout
from recommender.merchandising.rules import Hide
from recommender.model.availability import Availability
from recommender.recommend import Recommender

from bundles import NOW, PRODUCTS, item, small_bundle

BUNDLE = small_bundle()
PUBLISHED = Recommender(BUNDLE, Availability.of(BUNDLE.tables))
ACTIVE = ShopperState(viewed=("kettle",), cart={"mug": 1.0})


def shown(recommender: Recommender, request: Request) -> list[str]:
    return [PRODUCTS[pick.item] for pick in popular_for_holdout(recommender).recommend(request, 3, "ann")]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_neither_the_customer_nor_what_they_did_counts(placement: str) -> None:
    request = Request(placement, NOW.timestamp(), ACTIVE, customer_id="ann")  # type: ignore[arg-type]
    assert shown(PUBLISHED, request) == ["mug", "tea", "spoon"]


def test_what_is_on_the_page_and_in_the_named_cart_is_left_out() -> None:
    request = Request("cart", NOW.timestamp(), product_id="tea", cart=("mug",))
    assert shown(PUBLISHED, request) == ["spoon", "kettle", "cup"]


def test_rules_and_stock_hold_for_them_too() -> None:
    hiding = replace(PUBLISHED, rules=(Hide(id="no-mug", products=("mug",)),))
    assert shown(hiding, Request("home", NOW.timestamp())) == ["tea", "spoon", "kettle"]
    in_stock = PUBLISHED.availability.in_stock.copy()
    in_stock[item("tea")] = False
    sold_out = replace(PUBLISHED, availability=replace(PUBLISHED.availability, in_stock=in_stock))
    assert shown(sold_out, Request("home", NOW.timestamp())) == ["mug", "spoon", "kettle"]
