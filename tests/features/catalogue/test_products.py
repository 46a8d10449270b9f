from collections.abc import Callable
from datetime import timedelta

import polars as pl

from features.catalogue.products import (
    add_aliases,
    live_fields,
    load_aliases,
    load_products,
    merge_live,
    merge_products,
    schema,
)
from features.home import Home

from factories import NOW

LATER = NOW + timedelta(days=1)


def test_an_empty_home_has_an_empty_catalogue_with_all_columns(home: Home) -> None:
    assert load_products(home).schema == schema()
    assert load_aliases(home).is_empty()


def test_new_values_win_unless_they_are_null(home: Home) -> None:
    merge_products(
        home, pl.DataFrame({"product_id": ["a", "b"], "title": ["Cup", "Pot"], "price": [1.0, 2.0]}), NOW
    )
    merge_products(
        home, pl.DataFrame({"product_id": ["a", "c"], "title": [None, "Pan"], "price": [3.0, 4.0]}), LATER
    )
    products = load_products(home)
    assert products.schema == schema()
    assert products.select("product_id", "title", "price").rows() == [
        ("a", "Cup", 3.0),
        ("b", "Pot", 2.0),
        ("c", "Pan", 4.0),
    ]
    assert products["updated_at"].to_list() == [LATER, NOW, LATER]
    assert products["is_product"].all()


def test_first_seen_stays_the_earliest(home: Home) -> None:
    merge_products(home, pl.DataFrame({"product_id": ["a"]}), NOW)
    earlier = NOW - timedelta(days=9)
    merge_products(home, pl.DataFrame({"product_id": ["a"], "first_seen": [earlier]}), LATER)
    merge_products(home, pl.DataFrame({"product_id": ["a"], "first_seen": [LATER]}), LATER)
    assert load_products(home)["first_seen"].item() == earlier


def test_the_last_of_a_product_given_twice_counts(home: Home) -> None:
    merge_products(home, pl.DataFrame({"product_id": ["a", "a"], "price": [1.0, 2.0]}), NOW)
    assert load_products(home)["price"].to_list() == [2.0]


def test_the_newest_meaning_of_an_alias_counts(home: Home) -> None:
    add_aliases(home, pl.DataFrame({"alias": ["x", "y"], "product_id": ["a", "b"]}))
    add_aliases(home, pl.DataFrame({"alias": ["x"], "product_id": ["c"]}))
    assert load_aliases(home).rows() == [("x", "c"), ("y", "b")]


def test_live_changes_are_written_to_disk(home: Home) -> None:
    merge_products(home, pl.DataFrame({"product_id": ["mug"], "title": ["Mug"], "price": [8.0]}), NOW)
    later = NOW + timedelta(hours=1)
    merge_live(home, {"mug": {"stock": 0.0, "price": 9.0, "sale_price": 7.0}, "new": {"title": "New"}}, later)
    mug, new = load_products(home).to_dicts()
    assert (mug["title"], mug["price"], mug["stock"]) == ("Mug", 7.0, 0.0)
    assert (new["title"], new["first_seen"]) == ("New", later)
    merge_live(home, {}, later)
    assert load_products(home).height == 2


def test_live_fields_are_those_of_updated_products_that_are_not_null(home: Home) -> None:
    merge_products(home, pl.DataFrame({"product_id": ["old"], "title": ["Old"]}), NOW)
    later = NOW + timedelta(hours=1)
    merge_products(home, pl.DataFrame({"product_id": ["mug"], "stock": [3.0]}), later)
    assert live_fields(home, later) == {
        "mug": {"stock": 3.0, "is_product": True, "retired": False, "sale_price": None}
    }


def test_two_processes_that_merge_at_once_lose_nothing(home: Home, at_once: Callable[[str], None]) -> None:
    at_once(
        """
import polars as pl
from features.catalogue.products import add_aliases, merge_products
from datetime import UTC, datetime
for number in range(25):
    merge_products(home, pl.DataFrame({"product_id": [f"{name}{number}"]}), datetime.now(UTC))
    add_aliases(home, pl.DataFrame({"alias": [f"{name} {number}"], "product_id": [f"{name}{number}"]}))
"""
    )
    assert (load_products(home).height, load_aliases(home).height) == (50, 50)
    assert {path.suffix for path in home.catalog.iterdir()} == {".parquet", ".lock"}


def test_attributes_go_to_disk_and_to_a_running_service_as_they_are(home: Home) -> None:
    merge_live(home, {"mug": {"attributes": {"Colour": "Red", "size": 3}}, "tea": {"title": "Tea"}}, NOW)
    assert load_products(home)["attributes"].to_list() == ['{"colour":"Red","size":3}', None]
    fields = live_fields(home, NOW)
    assert fields["mug"]["attributes"] == {"colour": "Red", "size": 3}
    assert "attributes" not in fields["tea"]
