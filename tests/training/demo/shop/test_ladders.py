"""Planted ladders (good, better, best of one thing), read back from the feed as any catalogue is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pytest

from features.catalogue.products import load_products
from features.home import Home
from features.importers.catalogue import import_catalogue
from recommender.arrays.tables import Neighbours
from training.data.products import Products
from training.data.traits import Traits
from training.demo.shop.catalogue import QUALITIES
from training.models.product_kinds import Content, closest
from training.models.upgrades import upgrades

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
Pair = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def products(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Products:
    home = Home(tmp_path_factory.mktemp("ladders"))
    import_catalogue(home, str(shop.folder / "catalogue.tsv"), now=NOW)
    return Products(load_products(home))


@pytest.fixture(scope="module")
def content(products: Products) -> Content:
    return Content.of(products.titles, products.category, products.brand, products.bare_titles)


def better_ones(products: Products, content: Content) -> Neighbours:
    """Without any buyers: by attributes alone."""
    n = len(products.titles)
    alike = closest(content, products.price, kept=50)
    traits = Traits.of(products.titles, products.rows["attributes"])
    nobody = np.zeros(n, np.int32), np.zeros(n, np.float32)
    return upgrades(alike, content, products.variant_group, products.price, traits, *nobody)


def shown(shop: Any, products: Products, table: Neighbours, k: int) -> Iterator[Pair]:
    """(a product, one of the k better ones of it), as planted."""
    planted = [shop.truth["products"].get(each) for each in products.rows["product_id"]]
    for item, product in enumerate(planted):
        if product is not None:
            yield from ((product, planted[other]) for other in table.of(item, k).items.tolist())


def test_better_ones_are_those_of_the_planted_ladder(shop: Any, products: Products, content: Content) -> None:
    listed = partial(shown, shop, products, better_ones(products, content))
    best = [one["ladder"] == other["ladder"] for one, other in listed(k=1)]
    assert np.mean(best) >= 0.95
    right = [(one["type"] == other["type"]) & (one["step"] < other["step"]) for one, other in listed(k=3)]
    assert np.mean(right) >= 0.95
    below_the_top = [each for each in shop.truth["products"].values() if each["step"] < 2]
    assert len(best) >= 0.8 * len(below_the_top)


def test_nothing_is_better_than_the_best(shop: Any, products: Products, content: Content) -> None:
    top = len(QUALITIES) - 1
    assert [
        one for one, _ in shown(shop, products, better_ones(products, content), 3) if one["step"] == top
    ] == []


def test_kinds_are_the_planted_types(shop: Any, products: Products, content: Content) -> None:
    planted = [shop.truth["products"].get(each, {}).get("type") for each in products.rows["product_id"]]
    types = np.array([each or "none" for each in planted])
    one, other = np.nonzero(content.kind[:, None] == content.kind[None, :])
    assert np.mean(types[one] == types[other]) >= 0.95
    one, other = np.nonzero(types[:, None] == types[None, :])
    assert np.mean(content.kind[one] == content.kind[other]) >= 0.95
