"""The better one, by price, price bands and what its buyers do."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from small_customers import small_customer_table

from recommender.context.request import Request, Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.recommend import Pick, Recommender
from recommender.sources.upgrades import accepted_band

from bundles import NOW, PRODUCTS, item, neighbours, purchases, small_bundle

BANDS = {"kettle": 2, "mug": 0, "tea": 0, "pot": 1, "spoon": 0, "tin": 2, "cup": 1, "postage": -1}


def shop(bought: Sequence[str] = (), repeat_rate: float = 0.1) -> Bundle:
    """The mug costs 8: tin (10, dear of its kind) is nearer than cup (12). `ann` bought these."""
    small = small_bundle()
    tables = small.tables
    people = replace(small_customer_table(), price_band=np.array([BANDS[name] for name in PRODUCTS], np.int8))
    rates = tables.product.repeat_rate.copy()
    rates[item("cup")] = repeat_rate
    similar = neighbours({"mug": [("tin", 0.9, 2), ("cup", 0.8, 5), ("spoon", 0.7, 3)]})
    own = purchases({"ann": [(name, 1, 200) for name in bought], "bob": []})
    product = replace(tables.product, repeat_rate=rates)
    return replace(
        small, tables=replace(tables, people=people, similar=similar, purchases=own, product=product)
    )


def better(bundle: Bundle, k: int = 2) -> list[Pick]:
    request = Request("upgrade", NOW.timestamp(), customer_id="ann", product_id="mug")
    return Recommender(bundle, Availability.of(bundle.tables)).recommend(request, k)


def test_those_in_the_customers_price_bands_come_first() -> None:
    names = {
        bought: [PRODUCTS[pick.item] for pick in better(shop(bought))]
        for bought in ((), ("spoon", "pot", "tea"), ("spoon", "kettle", "tea"))
    }
    assert names == {
        (): ["tin", "cup"],  # nothing known: the nearest
        ("spoon", "pot", "tea"): ["cup", "tin"],  # never the upper band
        ("spoon", "kettle", "tea"): ["tin", "cup"],
    }


@pytest.mark.parametrize(
    ("bought", "band"),
    [
        (("kettle", "kettle"), 2),
        (("mug", "tea"), 2),  # too little to tell
        (("mug", "tea", "spoon"), 0),
        (("mug", "tea", "pot"), 1),
        (("mug", "tea", "spoon", "tea", "tea", "kettle"), 0),  # one of six is no habit
        (("postage", "mug", "tea"), 2),
    ],
)
def test_a_band_is_theirs_with_a_fifth_of_what_they_bought(bought: tuple[str, ...], band: int) -> None:
    bundle = shop(bought)
    request = Request("upgrade", NOW.timestamp(), customer_id="ann", product_id="mug")
    assert bundle.tables.people is not None
    assert accepted_band(Situation(request, bundle), bundle.tables.people) == band


def test_it_says_what_is_better() -> None:
    cup = next(pick for pick in better(shop()) if pick.item == item("cup"))
    assert (cup.reason.code, cup.reason.evidence) == ("upgrade", {"price": 12.0, "instead_of": 8.0})
    assert cup.reason.text == "A step up from Mug: €12.00 instead of €8.00"
    often = next(pick for pick in better(shop(repeat_rate=0.4)) if pick.item == item("cup"))
    assert "40% of its buyers buy it again, not 10%" in often.reason.text
