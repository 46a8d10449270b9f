"""A shop many times over: every copy is the small shop again, under names of its own."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from features.home import Home
from loadtests.inside.enlarge import Copies, asking_every_source, enlarged, main, write_home
from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import VariantGroups
from recommender.context.request import PURPOSES, Placement, Request
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import SOURCE_MIXES, stages
from recommender.recommend import Recommender

from bundles import CATEGORIES, NOW, PRODUCTS, item, small_bundle, write_small

COPIES = 3
N = len(PRODUCTS)


@pytest.fixture(scope="module")
def big() -> Bundle:
    """Three times the products, and nine times the customers: of those, three to a copy of the shop."""
    return enlarged(small_of_three(), COPIES * N, COPIES * COPIES * 3)


def small_of_three() -> Bundle:
    """The small bundle; it has as many customers as categories, so a third customer without orders joins."""
    bundle = small_bundle()
    tables = bundle.tables

    def longer(part: Any) -> Any:
        return replace(part, offsets=np.append(part.offsets, part.offsets[-1]))

    basket = tables.next_basket
    parts = {
        name: longer(part)
        for name, part in vars(basket).items()
        if hasattr(part, "offsets") and len(part.offsets) == len(tables.customers) + 1
    }
    tables = replace(
        tables,
        customers=IdMap.build(["ann", "bob", "cyd"]),
        purchases=longer(tables.purchases),
        discovery=longer(tables.discovery),
        next_basket=replace(basket, **parts),
    )
    return Bundle(bundle.manifest, tables, bundle.index)


def answer(bundle: Bundle, placement: Placement, **context: Any) -> list[str]:
    request = Request(placement, now=NOW.timestamp(), **context)
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    return [bundle.tables.products.name(pick.item) for pick in recommender.recommend(request, 2)]


def test_every_copy_has_names_of_its_own(big: Bundle) -> None:
    tables = big.tables
    assert len(tables.products) == COPIES * N
    assert len(tables.customers) == COPIES * COPIES * 3
    assert len(tables.categories) == COPIES * len(CATEGORIES)
    assert tables.products.row("kettle") == item("kettle")
    assert tables.products.row("kettle.2") == 2 * N + item("kettle")
    assert big.manifest.products == COPIES * N
    assert big.index.ntotal == COPIES * N


def test_a_row_speaks_of_its_own_copy(big: Bundle) -> None:
    small, tables = small_bundle().tables, big.tables
    row, copy = small.complements.of(item("kettle")), tables.complements.of(2 * N + item("kettle"))
    np.testing.assert_array_equal(copy.items, row.items + 2 * N)
    np.testing.assert_array_equal(copy.together, row.together)
    assert tables.product.category[2 * N + item("kettle")] == 2 * len(CATEGORIES)
    assert tables.product.category[2 * N + item("postage")] == -1
    np.testing.assert_array_equal(
        tables.category_popular.of(2 * len(CATEGORIES)).items, small.category_popular.of(0).items + 2 * N
    )


def test_the_variants_of_a_product_are_of_one_copy() -> None:
    group = np.full(N, -1, np.int32)
    group[[1, 3]] = 0
    groups = VariantGroups.of(group, np.arange(N, dtype=np.int32))
    big = Copies(N, len(CATEGORIES), 1, COPIES, {}, ()).repeated(groups)
    assert big.group.reshape(COPIES, N)[:, [1, 2, 3]].tolist() == [[copy, -1, copy] for copy in range(COPIES)]
    assert big.items.reshape(COPIES, 2).tolist() == [[3 + N * copy, 1 + N * copy] for copy in range(COPIES)]
    assert big.offsets.tolist() == [2 * copy for copy in range(COPIES + 1)]


def test_customers_are_spread_over_the_copies(big: Bundle) -> None:
    rows = [big.tables.purchases.of(row).items for row in range(len(big.tables.customers))]
    blocks = {int(items[0]) // N for items in rows if len(items)}
    assert blocks == set(range(COPIES))


def test_a_copy_answers_as_the_small_shop_does(big: Bundle) -> None:
    small = answer(small_bundle(), "product_complements", product_id="kettle")
    copy = answer(big, "product_complements", product_id="kettle.2")
    assert copy == [f"{name}.2" for name in small]


def test_the_best_of_all_copies_come_first(big: Bundle) -> None:
    ranking = big.tables.popular
    assert [big.tables.products.name(int(row)) for row in ranking.items[:4]] == [
        "mug",
        "mug.1",
        "mug.2",
        "tea",
    ]
    assert (np.diff(ranking.scores) <= 0).all()


def test_the_home_serves_and_says_whom_to_ask_about(big: Bundle, tmp_path: Path) -> None:
    write_home(big, Home(tmp_path))
    loaded = versions.load_current(tmp_path / "models")
    assert loaded is not None
    sample = json.loads((tmp_path / "bench.json").read_text())
    products = [each["product_id"] for each in sample["products"]]
    assert sorted(loaded.tables.products.rows(products)) == list(range(COPIES * N))
    assert all(name.startswith(("ann", "bob")) for name in sample["customers"])


def test_every_source_can_be_asked() -> None:
    served = stages(asking_every_source(small_bundle()).tables.blends)
    for purpose in PURPOSES:
        names = tuple(source.name for source in SOURCE_MIXES[purpose])
        assert names in [stage.names for stage in served[purpose][:2]]


def test_it_needs_a_model_and_tables_that_differ_in_length(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="perennial train"):
        main(tmp_path / "empty", tmp_path / "big")
    write_small(tmp_path / "shop" / "models")  # as many customers as categories
    with pytest.raises(typer.BadParameter, match="another number of customers"):
        main(tmp_path / "shop", tmp_path / "big")
