"""What somebody types finds products."""

from dataclasses import replace

import pytest

from recommender.arrays.id_map import PackedBytes
from recommender.model.availability import Availability
from recommender.product_search import ProductSearch

from bundles import PRODUCTS, item, small_tables

TITLES = {"kettle": "Teekessel „Größe“ 2 l", "tea": "Grüner Tee", "tin": "Teedose", "mug": "Becher für Tee"}


def found(query: str, limit: int = 10) -> list[str]:
    tables = small_tables()
    titles = PackedBytes.pack(TITLES.get(name, name.title()).encode() for name in PRODUCTS)
    search = ProductSearch(replace(tables, titles=titles))
    return [PRODUCTS[row] for row in search.find(query, Availability.of(tables), limit)]


@pytest.mark.parametrize(
    ("query", "products"),
    [
        ("tee", ["mug", "tea", "kettle", "tin"]),  # whole words before beginnings, then by buyers
        ("GRUNER tee", ["tea"]),
        ("grosse", ["kettle"]),
        ("dose", ["tin"]),
        ("tin", ["tin"]),  # its id
        ("teekesel", ["kettle"]),
        ("tekessel", ["kettle"]),
        ("etekessel", ["kettle"]),
        ("teekassel", ["kettle"]),
        ("kaffee", []),
        (" -- ", []),
        ("", []),
    ],
)
def test_words_their_parts_and_one_wrong_letter(query: str, products: list[str]) -> None:
    assert found(query) == products


def test_so_many_at_most() -> None:
    assert found("tee", 2) == ["mug", "tea"]


def test_titles_are_those_of_now() -> None:
    tables = small_tables()
    search, before = ProductSearch(tables), Availability.of(tables)
    after = before.changed(tables, {"mug": {"title": "Becher"}})
    assert search.find("becher", before, 5) == []
    assert search.find("becher", after, 5) == [item("mug")]
    assert search.find("mug", after, 5) == [item("mug")]  # its id
