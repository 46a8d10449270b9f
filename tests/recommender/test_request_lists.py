"""What a request says of the list: filters, pages, and candidates to put into order."""

from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from random_shop import N, random_bundle, random_request, random_rules

from features.live.shopper_state import entry_of, fold
from recommender.context.request import PLACEMENTS, Request
from recommender.filters.syntax import read_filters
from recommender.model.availability import Availability
from recommender.placements import ABOUT_THE_PRODUCT
from recommender.recommend import Pick, Recommender

from bundles import NOW, PRODUCTS, small_bundle
from factories import event

BUNDLE = small_bundle()
EVERYTHING = Recommender(BUNDLE, Availability.of(BUNDLE.tables))
LIST = ("pot", "tea", "cup", "no such", "kettle", "tea", "postage")


def ask(
    placement: str = "home", k: int = 7, recommender: Recommender = EVERYTHING, **fields: Any
) -> list[Pick]:
    if filters := fields.pop("filters", ()):
        fields["filter"] = read_filters(filters)
    return recommender.recommend(Request(placement, now=NOW.timestamp(), **fields), k)  # type: ignore[arg-type]


def shown(*args: Any, **fields: Any) -> list[str]:
    return [PRODUCTS[pick.item] for pick in ask(*args, **fields)]


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_filter_holds_in_every_placement(placement: str) -> None:
    products = set(shown(placement, filters=["colour:red|steel"], product_id="cup", cart=("tea",)))
    wanted = {"kettle", "mug", "pot", "spoon"}
    assert products <= wanted if placement in ABOUT_THE_PRODUCT else products == wanted
    assert shown(placement, filters=["colour:mauve"]) == []


def test_a_filter_goes_with_the_others() -> None:
    assert shown(filters=["colour:red"], max_price=10) == ["mug"]


def test_candidates_are_ordered_by_the_sources_and_else_stay_as_they_were() -> None:
    picks = ask("cart", cart=("kettle",), candidates=LIST)
    assert [PRODUCTS[pick.item] for pick in picks] == ["tea", "pot", "cup", "kettle"]
    assert [pick.source for pick in picks] == ["co_purchase", "given", "given", "given"]
    assert picks[1].reason.code == "given"
    assert shown("home", candidates=("tin", "mug", "pot")) == ["tin", "mug", "pot"]  # nobody is known here


def test_candidates_are_shown_whatever_the_shopper_did_but_not_what_is_excluded() -> None:
    bought = fold(filter(None, [entry_of(event("purchase", items=[("pot", 1, 8.0)]), NOW)]))
    assert set(shown(candidates=LIST, cart=("tea",), shopper=bought, exclude=("cup",))) == {
        "pot",
        "tea",
        "kettle",
    }


def test_candidates_out_of_stock_or_outside_of_filters_are_left_out() -> None:
    shop = Recommender(BUNDLE, EVERYTHING.availability.changed(BUNDLE.tables, {"tea": {"stock": 0}}))
    assert set(shown(recommender=shop, candidates=LIST, min_price=15)) == {"pot", "kettle"}
    assert "tea" in shown(recommender=shop, candidates=LIST, in_stock=False)


def test_tastes_order_candidates_that_are_far_from_the_nearest_products() -> None:
    bundle = random_bundle()
    shop = Recommender(bundle, Availability.of(bundle.tables))
    name = bundle.tables.products.name
    customer = bundle.tables.customers.name(int(np.diff(bundle.tables.purchases.offsets).argmax()))
    candidates = tuple(map(name, np.flatnonzero(shop.availability.sellable)[: N // 2]))[:500]
    picks = ask("home", k=500, recommender=shop, customer_id=customer, candidates=candidates)
    assert {name(pick.item) for pick in picks} == set(candidates)
    assert sum(pick.source == "discover" for pick in picks) > 40
    scores = [pick.score for pick in picks]
    assert scores == sorted(scores, reverse=True)


def test_pages_are_one_list_under_rules_too() -> None:
    bundle = random_bundle()
    for seed in range(40):
        drawn = Random(seed)
        rules, request, k = random_rules(drawn), random_request(drawn), drawn.randint(1, 12)
        shop = Recommender(bundle, Availability.of(bundle.tables), rules=rules)

        def page(offset: int, request: Request = request, k: int = k, shop: Recommender = shop) -> list[int]:
            asked = msgspec.structs.replace(request, offset=offset)
            return [pick.item for pick in shop.recommend(asked, k, "ann")]

        whole = [each for offset in range(0, 6 * k, k) for each in page(offset)]
        assert len(set(whole)) == len(whole), rules
        between = whole[2 * k + 1 : 3 * k]
        assert between == page(2 * k + 1)[: len(between)]


@pytest.mark.parametrize("placement", sorted(set(PLACEMENTS) - {"home", "email"}))
def test_a_longer_list_begins_with_the_shorter_one(placement: str) -> None:
    bundle = random_bundle()
    shop, tables = Recommender(bundle, Availability.of(bundle.tables)), bundle.tables
    for customer in (None, tables.customers.name(3)):
        fields = {"product_id": tables.products.name(5), "customer_id": customer}
        longest = [pick.item for pick in ask(placement, 150, shop, **fields)]
        assert len(set(longest)) == len(longest)
        for k in (1, 8, 30, 101):
            assert [pick.item for pick in ask(placement, k, shop, **fields)] == longest[:k]
