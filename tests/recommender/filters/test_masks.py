"""Which products filters let through, on a small bundle, also after live changes.

Covers recommender/model/attribute_table.py and live_attributes.py, too.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.filters.masks import check_known, known_attributes, mask_of
from recommender.filters.syntax import BadFilter, read_filters
from recommender.model.availability import Availability

from bundles import ATTRIBUTES, PRODUCTS, small_tables

TABLES = small_tables()
AVAILABILITY = Availability.of(TABLES)


def through(
    given: str | Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]] | None = None
) -> list[str]:
    availability = AVAILABILITY.changed(TABLES, changes or {})
    return [PRODUCTS[item] for item in np.flatnonzero(mask_of(read_filters([given]), TABLES, availability))]


@pytest.mark.parametrize(
    ("given", "products"),
    [
        ("colour:RED", ["mug", "pot"]),
        ("colour:blue|steel", ["kettle", "pot", "spoon"]),
        ("!colour:red", ["kettle", "tea", "spoon", "tin", "cup", "postage"]),
        ("!colour:*", ["tea", "tin", "cup", "postage"]),
        ("colour:green", []),
        ("weight:100..900", ["kettle", "mug"]),  # of the pot's kilograms nothing is known
        ("weight:..300", ["mug", "spoon"]),
        ("weight:901..", []),
        ("price:5..10", ["mug", "tea", "tin"]),
        ("price:5|12", ["tea", "cup"]),
        ("brand:fern", list(PRODUCTS)),
        ({"or": [{"colour": "blue"}, {"weight": {"max": 100}}]}, ["pot", "spoon"]),
        ({"colour": "red", "not": {"colour": "blue"}}, ["mug"]),
    ],
)
def test_which_products_it_lets_through(given: str | Mapping[str, Any], products: list[str]) -> None:
    assert through(given) == products


def test_live_attributes_replace_those_of_the_model() -> None:
    changes: dict[str, Any] = {
        "tea": {"attributes": {"Colour": "red", "weight": 250}},
        "mug": {"attributes": {}},
    }
    assert through("colour:red", changes) == ["tea", "pot"]
    assert through("weight:200..300", changes) == ["tea"]
    assert through("colour:red", {"mug": {"attributes": None}}) == ["pot"]
    assert through("brand:acme", {"mug": {"brand": "Acme"}}) == ["mug"]
    assert through("colour:red", {"mug": {"brand": "Acme"}}) == ["mug", "pot"]


def test_a_live_price_counts() -> None:
    assert through("price:..3", {"mug": {"price": 2.0}}) == ["mug", "spoon"]


def test_a_feed_that_says_the_same_again_costs_nothing() -> None:
    again = {name: {"attributes": given} for name, given in ATTRIBUTES.items()}
    assert AVAILABILITY.changed(TABLES, again).attributes == {}
    changed = AVAILABILITY.changed(TABLES, {"mug": {"attributes": {"colour": "blue"}}})
    assert changed.changed(TABLES, again).attributes == {}


def test_a_mask_is_worked_out_once_until_products_change() -> None:
    filter, availability = read_filters(["colour:red"]), AVAILABILITY.changed(TABLES, {"mug": {"stock": 2}})
    assert mask_of(filter, TABLES, availability) is mask_of(
        read_filters(["colour:red"]), TABLES, availability
    )


def test_an_unknown_attribute_is_named_beside_the_known_ones() -> None:
    check_known(read_filters(["!colour:mauve", "price:1.."]), TABLES)
    with pytest.raises(BadFilter, match=r"attribute `color`\. Known: brand, colour, price, weight"):
        check_known(read_filters([{"or": [{"color": "red"}, {"colour": "red"}]}]), TABLES)


def test_a_model_of_before_there_were_attributes_knows_prices() -> None:
    old = replace(TABLES, attributes=None)
    assert known_attributes(old) == ["price"]
    assert not mask_of(read_filters(["colour:red"]), old, Availability.of(old)).any()
