"""What is sold, and sells, in the country that an answer is for."""

from dataclasses import replace
from typing import Any

import pytest
from small_customers import small_customer_table

from recommender.arrays.id_map import IdMap
from recommender.context.request import PLACEMENTS, Request
from recommender.experiments.holdout import popular_for_holdout
from recommender.model.availability import Availability
from recommender.model.market_table import MarketTable
from recommender.placements import ABOUT_THE_PRODUCT
from recommender.recommend import Recommender
from recommender.why_not import why_not

from bundles import NOW, PRODUCTS, neighbours, small_bundle

SMALL = small_bundle()
ROWS = {"de": [("tin", 1.0, 40), ("pot", 0.5, 30)]}
MARKETS = MarketTable(IdMap.build(["de"]), neighbours(ROWS, ["de"]))
TABLES = replace(SMALL.tables, people=small_customer_table(), markets=MARKETS)
BUNDLE = replace(SMALL, tables=TABLES)
SHOP = Recommender(BUNDLE, Availability.of(TABLES))
CHANGES: dict[str, Any] = {
    "tea": {"attributes": {"countries": ["AT", "ch"]}},
    "mug": {"attributes": {"countries": "DE"}},
}
BY_MARKET = replace(SHOP, availability=SHOP.availability.changed(TABLES, CHANGES))


def asked(placement: str = "home", **fields: Any) -> Request:
    return Request(placement, now=NOW.timestamp(), **fields)  # type: ignore[arg-type]


def shown(shop: Recommender, placement: str = "home", **fields: Any) -> list[str]:
    return [PRODUCTS[pick.item] for pick in shop.recommend(asked(placement, **fields), 7)]


def test_best_sellers_are_those_of_the_country() -> None:
    assert shown(SHOP)[:2] == ["mug", "tea"]
    assert shown(SHOP, country="DE")[:3] == ["tin", "pot", "mug"]
    assert shown(SHOP, country="FR") == shown(SHOP)
    assert shown(SHOP, country="de", category="kitchen") == shown(SHOP, category="kitchen")
    assert SHOP.recommend(asked(country="DE"), 1)[0].reason.evidence == {"buyers": 40}


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_what_is_not_sold_in_a_country_is_not_shown_there(placement: str) -> None:
    for fields, away in (
        ({"country": "DE"}, "tea"),
        ({"customer_id": "ann"}, "tea"),
        ({"country": "at"}, "mug"),
    ):
        products = shown(BY_MARKET, placement, product_id="kettle", **fields)
        assert away not in products
        assert "spoon" in products or placement in ABOUT_THE_PRODUCT
    everywhere = {"mug", "tea"} & set(shown(SHOP, placement, product_id="kettle"))
    assert everywhere <= set(shown(BY_MARKET, placement, product_id="kettle"))  # of nobody's country


def test_the_country_of_the_question_counts_before_the_customers() -> None:
    assert "tea" in shown(BY_MARKET, "buy_again", customer_id="ann", country="CH")


def test_held_out_customers_are_shown_what_is_sold_to_them() -> None:
    assert "tea" not in shown(popular_for_holdout(BY_MARKET), customer_id="ann")


def test_why_it_is_not_shown() -> None:
    assert [each.code for each in why_not(BY_MARKET, asked(country="DE"), 7, None, "tea")[1]] == ["market"]
