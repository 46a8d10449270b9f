"""Sets at current prices, as the merchant wants them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.arrays.tables import SetTable, VariantGroups
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.offers.catalogue import Catalogue, FixedSet, Sets
from recommender.product_sets.set_offers import AvailableSets, SetOffer, SetQuery
from recommender.product_sets.set_pricing import SetPart, price_set

from bundles import PRICES, PRODUCTS, item, neighbours, small_bundle

TOGETHER = {("kettle", "tea"): 40, ("kettle", "mug"): 30, ("mug", "spoon"): 20, ("pot", "tin"): 10}


def bundle_with_sets(costs: float = 0.4) -> Bundle:
    """Each product in 100 orders; pairs of `TOGETHER`, and kettle, mug and tea in 12 orders."""
    small = small_bundle()
    rows = [[item(one), item(other), -1, -1] for one, other in TOGETHER]
    pairs: dict[str, list[tuple[str, float, int]]] = {}
    for (one, other), n in TOGETHER.items():
        pairs.setdefault(one, []).append((other, 2.0, n))
        pairs.setdefault(other, []).append((one, 2.0, n))
    table = SetTable(
        items=np.array([[item("kettle"), item("mug"), item("tea"), -1], *rows], np.int32),
        support=np.array([12, *TOGETHER.values()], np.int32),
        lift=np.full(5, 2.0, np.float32),
        orders=np.full(len(PRODUCTS), 100, np.int32),
        pairs=neighbours(pairs),
    )
    product = replace(small.tables.product, cost=np.array(PRICES, np.float32) * costs)
    return replace(small, tables=replace(small.tables, sets=table, product=product))


def shop(catalogue: Catalogue | None = None, costs: float = 0.4) -> AvailableSets:
    bundle = bundle_with_sets(costs)
    return AvailableSets(bundle, Availability.of(bundle.tables), catalogue or Catalogue())


def names(offers: list[SetOffer]) -> list[set[str]]:
    return [{PRODUCTS[row] for row in each.items} for each in offers]


def rows(*products: str) -> frozenset[int]:
    return frozenset(map(item, products))


def test_the_best_of_the_shop_share_no_product() -> None:
    offers = names(shop().offers(SetQuery(), 5))
    assert {"pot", "tin"} in offers
    assert sum(map(len, offers)) == len(set().union(*offers))


def test_no_set_holds_another_size_of_what_is_in_the_cart_or_was_bought() -> None:
    sets = shop()
    group = np.full(len(PRODUCTS), -1, np.int32)
    group[[item("tea"), item("tin")]] = 0
    groups = VariantGroups.of(group, sets.bundle.tables.product.buyers)
    bundle = replace(sets.bundle, tables=replace(sets.bundle.tables, variant_groups=groups))
    sets = replace(sets, bundle=bundle)
    assert names(sets.offers(SetQuery(cart=rows("kettle", "tin")), 5)) == [{"kettle", "mug"}, {"pot", "tin"}]
    assert names(sets.offers(SetQuery(product=item("kettle"), suppressed=rows("tin")), 5)) == [
        {"kettle", "mug"}
    ]
    general = names(sets.offers(SetQuery(), 5))
    assert not ({"tea", "tin"} <= set().union(*general))


def test_of_a_product_and_of_a_cart() -> None:
    of_mug = names(shop().offers(SetQuery(item("mug")), 5))
    assert sorted(map(len, of_mug)) == [2, 2, 3]
    assert all("mug" in each for each in of_mug)
    onward = names(shop().offers(SetQuery(cart=rows("kettle", "tea")), 5))
    assert onward[0] == {"kettle", "mug", "tea"}  # holds both
    assert {"kettle", "tea"} not in onward  # is in the cart already
    assert {"kettle", "mug"} in onward


def test_what_was_bought_lately_or_is_sold_out_is_in_no_set() -> None:
    assert names(shop().offers(SetQuery(item("mug"), suppressed=rows("kettle", "mug")), 5)) == [
        {"mug", "spoon"}
    ]
    own = shop()
    sold_out = own.availability.changed(
        own.bundle.tables, {"spoon": {"stock": 0}, "kettle": {"is_product": False}}
    )
    assert names(replace(own, availability=sold_out).offers(SetQuery(), 5)) == [{"pot", "tin"}]


def test_the_merchant_fixes_names_forbids_and_keeps_apart() -> None:
    wanted = Sets(
        fixed=(FixedSet(products=("cup", "tin"), name="Tea time"), FixedSet(products=("cup", "gone"))),
        forbidden=("spoon",),
        apart=(("mug", "kettle"),),
    )
    offers = shop(Catalogue(sets=wanted)).offers(SetQuery(), 5)
    assert (offers[0].name, offers[0].fixed, offers[0].support) == ("Tea time", True, 0)
    assert names(offers)[1:] == [{"kettle", "tea"}]  # pot and tin: the tin is in the first
    assert names(shop(Catalogue(sets=wanted)).offers(SetQuery(item("mug")), 5)) == []


def test_todays_prices_and_costs_count() -> None:
    (offer,) = shop().offers(SetQuery(item("pot")), 1)
    assert offer.price == price_set([SetPart(20.0, 8.0, 100), SetPart(10.0, 4.0, 100)], 10)
    own = shop()
    dear = own.availability.changed(own.bundle.tables, {"pot": {"price": 40.0, "cost": 39.0}})
    (changed,) = replace(own, availability=dear).offers(SetQuery(item("pot")), 1)
    assert changed.price.list_price == 50.0
    unknown = own.availability.changed(own.bundle.tables, {"pot": {"cost": None}})
    assert replace(own, availability=unknown).offers(SetQuery(item("pot")), 1)[0].price.discount == 0.0


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0.0, 1.2), least=st.floats(0.0, 0.9))
def test_no_set_ever_keeps_less_than_the_minimum_margin(share: float, least: float) -> None:
    own = shop(Catalogue(minimum_margin=least), share)
    for each in own.offers(SetQuery(), 20):
        cost = sum(float(own.availability.cost[row]) for row in each.items)
        assert each.price.price - cost >= least * each.price.price - 1e-3
        assert each.price.price <= each.price.list_price + 1e-9


def test_the_lift_is_that_of_the_whole_set() -> None:
    """Each is in 100 orders, kettle and mug in 30, twice as many as by chance: there are 667. By chance all
    three would be together in 2.25; they are in 12."""
    offers = {frozenset(each.items): each for each in shop().offers(SetQuery(item("tea")), 5)}
    assert offers[rows("kettle", "tea")].lift == pytest.approx(2.0)
    three = offers[rows("kettle", "mug", "tea")]
    assert three.support == 12
    assert three.lift == pytest.approx(12 / 2.25)


def test_of_a_fixed_set_that_was_not_learned_only_what_is_known_is_said() -> None:
    wanted = Sets(
        fixed=(FixedSet(products=("kettle", "mug", "spoon")), FixedSet(products=("kettle", "mug", "tea")))
    )
    unknown, learned = shop(Catalogue(sets=wanted)).offers(SetQuery(item("kettle")), 2)
    assert (unknown.support, unknown.lift, unknown.price.discount) == (0, 0.0, 0.0)
    assert learned.support == 12


def test_without_a_table_there_are_none() -> None:
    small = small_bundle()
    assert AvailableSets(small, Availability.of(small.tables), Catalogue()).offers(SetQuery(), 3) == []


@pytest.mark.parametrize("products", [("mug", "kettle"), ("kettle", "mug")])
def test_a_fixed_set_is_not_shown_twice(products: tuple[str, str]) -> None:
    fixed = Catalogue(sets=Sets(fixed=(FixedSet(products=products, name="Mine"),)))
    offers = shop(fixed).offers(SetQuery(item("kettle")), 9)
    assert names(offers).count({"kettle", "mug"}) == 1
    assert (offers[0].name, offers[0].support) == ("Mine", 30)
