"""Why a product is not shown: every reason, and that it is true of any question."""

from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from random_shop import N, random_bundle, random_request, random_rules

from features.live.shopper_state import entry_of, fold
from recommender.arrays.tables import VariantGroups
from recommender.context.request import Request
from recommender.filters.syntax import read_filters
from recommender.merchandising.rules import Rules
from recommender.model.availability import Availability
from recommender.recommend import Recommender
from recommender.why_not import WhyNot, why_not

from bundles import NOW, PRODUCTS, item, small_bundle
from factories import event

BUNDLE = small_bundle()
SHOP = Recommender(BUNDLE, Availability.of(BUNDLE.tables))
BOUGHT = fold(filter(None, [entry_of(event("purchase", items=[("tea", 1, 5.0)]), NOW)]))


def reasons(
    product: str, shop: Recommender = SHOP, placement: str = "home", k: int = 7, **fields: Any
) -> list[WhyNot]:
    request = Request(placement, now=NOW.timestamp(), **fields)  # type: ignore[arg-type]
    rank, found = why_not(shop, request, k, None, product)
    assert (rank is None) == (item(product) not in [pick.item for pick in shop.recommend(request, k)])
    return found


def under(*rules: dict[str, Any]) -> Recommender:
    return replace(
        SHOP, rules=msgspec.convert([{"id": f"r-{n}", **rule} for n, rule in enumerate(rules)], Rules)
    )


def live(**fields: Any) -> Recommender:
    return replace(SHOP, availability=SHOP.availability.changed(BUNDLE.tables, {"tea": fields}))


@pytest.mark.parametrize(
    ("shop", "fields", "codes"),
    [
        (SHOP, {}, []),
        (live(stock=0), {}, ["out_of_stock"]),
        (live(retired=True, stock=0), {}, ["not_offered", "out_of_stock"]),
        (SHOP, {"category": "kitchen", "min_price": 2.0, "max_price": 4.0}, ["filter", "filter"]),
        (SHOP, {"filter": read_filters(["colour:red"])}, ["filter"]),
        (SHOP, {"candidates": ("mug",)}, ["filter"]),
        (
            SHOP,
            {"exclude": ("tea",), "cart": ("tea",), "product_id": "tea"},
            ["excluded", "on_page", "in_cart"],
        ),
        (SHOP, {"shopper": BOUGHT}, ["bought_lately"]),
        (
            live(stock=0),
            {"shopper": BOUGHT, "category": "kitchen"},
            ["out_of_stock", "filter", "bought_lately"],
        ),
        (under({"kind": "hide", "products": ["tea"]}), {}, ["rule"]),
        (under({"kind": "hide", "products": ["tea"], "placements": ["cart"]}), {"k": 1}, ["not_proposed"]),
        (
            under({"kind": "bury", "products": ["tea"], "factor": 0.1}),
            {"placement": "product_complements", "product_id": "kettle", "k": 1},
            ["rule", "ranked"],
        ),
        (SHOP, {"placement": "cart", "cart": ("mug",), "k": 1}, ["ranked"]),
    ],
)
def test_each_reason(shop: Recommender, fields: dict[str, Any], codes: list[str]) -> None:
    found = reasons("tea", shop, **fields)
    assert [each.code for each in found] == codes


def test_reasons_have_their_figures() -> None:
    (bought,) = reasons("tea", shopper=BOUGHT)
    assert bought.evidence == {"last_bought": "2026-11-22", "days": 14}
    (rule,) = reasons("tea", under({"kind": "hide", "brands": ["fern"], "name": "No ferns"}))
    assert rule == WhyNot("rule", "The rule `r-0` (No ferns) keeps it away", {"rule": "r-0", "kind": "hide"})
    (ranked,) = reasons("tea", placement="cart", cart=("mug",), k=1)
    assert ranked.text == "It ranks 2 of 6, and 1 were asked for"
    assert ranked.evidence["proposed_by"] == ["co_purchase"]
    (capped, unranked) = reasons("spoon", under({"kind": "cap", "by": "category", "most": 1}))
    assert (capped.code, unranked.code, unranked.evidence["of"]) == ("rule", "not_ranked", 2)


def test_a_variant_stands_for_it() -> None:
    group = np.full(len(PRODUCTS), -1, np.int32)
    group[[item("mug"), item("cup")]] = 0
    groups = VariantGroups.of(group, BUNDLE.tables.product.buyers)
    shop = replace(SHOP, bundle=replace(BUNDLE, tables=replace(BUNDLE.tables, variant_groups=groups)))
    (stands,) = reasons("cup", shop)
    assert (stands.code, stands.evidence) == ("variant", {"product_id": "mug"})
    (hidden,) = reasons("cup", shop, cart=("mug",))
    assert (hidden.code, hidden.evidence) == ("variant", {"product_id": "mug"})


def test_an_unknown_product_is_told() -> None:
    assert why_not(SHOP, Request("home", NOW.timestamp()), 3, None, "no such")[1][0].code == "unknown_product"


def test_every_product_of_any_question_is_shown_or_has_reasons_that_are_true() -> None:
    bundle = random_bundle()
    for seed in range(25):
        drawn = Random(seed)
        shop = Recommender(bundle, Availability.of(bundle.tables), rules=random_rules(drawn))
        request, k = random_request(drawn), drawn.randint(1, 12)
        shown = [pick.item for pick in shop.recommend(request, k, "ann")]
        listed = [pick.item for pick in shop.recommend(request, N, "ann")]
        for product in drawn.sample(range(N), 12) + shown[:2]:
            rank, found = why_not(shop, request, k, "ann", bundle.tables.products.name(product))
            assert (rank and shown[rank - 1]) == (product if product in shown else None)
            codes = {each.code for each in found}
            assert bool(codes) == (product not in shown)
            assert bool(codes & {"ranked", "not_proposed"}) == (product in listed and product not in shown)
