"""An answer shows one variant of a product, the one this shopper buys or the most bought, everywhere."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from random_shop import CUSTOMERS, IDS, random_bundle

from features.live.shopper_state import ShopperState
from recommender.arrays.tables import VariantGroups
from recommender.context.request import PLACEMENTS, Placement, Request, Situation
from recommender.merchandising.rules import Boost, Hide
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import ABOUT_THE_PRODUCT
from recommender.recommend import Recommender

from bundles import NOW, PRODUCTS, item, small_bundle

SIZES = 4  # of each product of the random shop
CUPS = ("mug", "cup", "pot")  # one product in three variants; most bought: mug, cup, pot


def random_shop() -> Bundle:
    bundle = random_bundle()
    group = np.arange(len(IDS), dtype=np.int32) // SIZES
    group[::7] = -1
    group = np.unique(group, return_inverse=True)[1].astype(np.int32) - 1
    groups = VariantGroups.of(group, bundle.tables.product.buyers)
    return replace(bundle, tables=replace(bundle.tables, variant_groups=groups))


SHOP = random_shop()
GROUPS = SHOP.tables.variant_groups
RECOMMENDER = Recommender(SHOP, Availability.of(SHOP.tables))


RULES = Boost(id="up", factor=3.0, products=(IDS[1],)), Hide(id="out", products=(IDS[2],))


def small_shop() -> Recommender:
    """The small shop, whose CUPS are variants of one product."""
    bundle = small_bundle()
    group = np.full(len(PRODUCTS), -1, np.int32)
    group[[item(name) for name in CUPS]] = 0
    groups = VariantGroups.of(group, bundle.tables.product.buyers)
    bundle = replace(bundle, tables=replace(bundle.tables, variant_groups=groups))
    return Recommender(bundle, Availability.of(bundle.tables))


def shown(recommender: Recommender, placement: Placement, k: int = 7, **fields: Any) -> list[str]:
    picks = recommender.recommend(Request(placement, NOW.timestamp(), **fields), k)
    return [PRODUCTS[pick.item] for pick in picks]


def random_requests(placement: Placement) -> list[Request]:
    rng = np.random.default_rng(3)
    return [
        Request(
            placement,
            NOW.timestamp(),
            ShopperState(viewed=tuple(rng.choice(IDS, 4, replace=False))),
            f"c-{rng.integers(CUSTOMERS)}" if number % 2 else None,
            str(rng.choice(IDS)) if number % 3 else None,
            tuple(rng.choice(IDS, number % 4, replace=False)),
            max_price=20.0 if number % 5 == 0 else None,
        )
        for number in range(40)
    ]


@pytest.mark.parametrize("rules", [(), RULES])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_no_answer_shows_two_variants_or_one_of_what_it_hides(
    placement: Placement, rules: tuple[Any, ...]
) -> None:
    recommender = replace(RECOMMENDER, rules=rules)
    for request in random_requests(placement):
        picks = recommender.recommend(request, 12)
        items = np.array([pick.item for pick in picks], np.int32)
        assert len({GROUPS.key(each) for each in items.tolist()}) == len(items)
        assert len(items) or placement in ABOUT_THE_PRODUCT
        situation = Situation(request, SHOP)
        by_habit = np.array([pick.source == "repeat" for pick in picks], np.bool_)
        assert not (GROUPS.share_one(items, situation.hidden) & ~by_habit).any()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_who_buys_one_variant_is_shown_no_other(placement: Placement) -> None:
    for request in random_requests(placement):
        situation = Situation(request, SHOP)
        own = situation.purchases.items[RECOMMENDER.may_show(situation.purchases.items, situation)]
        items = np.array([pick.item for pick in RECOMMENDER.recommend(request, 12)], np.int32)
        assert not (GROUPS.share_one(items, own) & ~np.isin(items, situation.purchases.items)).any()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_another_variant_is_no_answer_to_one_in_the_cart_or_on_the_page(placement: Placement) -> None:
    assert not set(CUPS) & set(shown(small_shop(), placement, product_id="cup"))
    assert not set(CUPS) & set(shown(small_shop(), placement, cart=("cup",), product_id="kettle"))
    assert not set(CUPS) & set(shown(small_shop(), placement, exclude=("pot",)))


def test_what_somebody_buys_is_shown_and_else_what_ranks_highest_in_stock() -> None:
    shop = small_shop()
    assert shown(shop, "new", 1) == ["cup"]
    assert shown(shop, "new", 1, customer_id="ann") == ["mug"]  # the cup came in last, ann buys the mug
    sold_out = shop.availability.changed(shop.bundle.tables, {"mug": {"stock": 0}})
    assert shown(replace(shop, availability=sold_out), "new", 1, customer_id="ann") == ["cup"]
    sold_out = shop.availability.changed(shop.bundle.tables, {"cup": {"stock": 0}})
    assert shown(replace(shop, availability=sold_out), "new", 1) == ["mug"]  # stands in for the cup
    assert shown(shop, "trending", 3) == ["tin", "pot", "tea"]  # of best sellers neither mug nor cup


def test_what_is_bought_again_is_shown_whichever_other_size_is_in_the_cart() -> None:
    assert shown(small_shop(), "buy_again", 2, customer_id="ann", cart=("pot",)) == ["tea", "mug"]


def test_a_narrow_filter_is_filled_up_with_one_of_each() -> None:
    assert shown(small_shop(), "cart", category="kitchen") == ["mug", "spoon", "kettle"]
