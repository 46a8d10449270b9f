"""Labels of products: what each earns, for whom, how lastingly."""

import numpy as np

from recommender.model.availability import Availability
from recommender.product_labels import NAMES, product_labels

from bundles import PRODUCTS, TODAY, small_bundle

KETTLE, MUG, TEA = (PRODUCTS.index(name) for name in ("kettle", "mug", "tea"))


def test_each_product_has_one_label_of_each_kind() -> None:
    tables = small_bundle().tables
    labels = product_labels(tables, Availability.of(tables), TODAY)
    for item in range(len(PRODUCTS)):
        assert [label in names for label, names in zip(labels.of(item), NAMES, strict=True)] == [True] * 5


def test_a_margin_is_that_of_price_and_cost() -> None:
    tables = small_bundle().tables
    cost = np.full(len(PRODUCTS), np.nan, np.float32)
    cost[[KETTLE, MUG, TEA]] = 10.0, 5.0, 6.0  # of 30, 8 and 5
    shelf = Availability.of(tables)
    told = {PRODUCTS[item]: {"cost": float(cost[item])} for item in (KETTLE, MUG, TEA)}
    shelf = shelf.changed(tables, told)
    margins = [product_labels(tables, shelf, TODAY).of(item)[0] for item in (KETTLE, MUG, TEA)]
    assert margins == ["margin_high", "margin_middle", "margin_negative"]
