"""Whom to tell of a product, on a bundle whose customers are known by name."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.arrays.id_map import IdMap
from recommender.likely_buyers import Likely, likely_buyers, reason

from bundles import TODAY, item, purchases, small_bundle

SMALL = small_bundle()
BOUGHT = {
    "ann": [("tea", 4, 25), ("mug", 1, 100)],
    "bob": [("kettle", 1, 1)],
    "cyd": [("tea", 1, 25)],
    "dee": [("postage", 1, 25)],
    "eve": [],
}
NAMES = list(BOUGHT)
TABLES = replace(SMALL.tables, purchases=purchases(BOUGHT), customers=IdMap.build(NAMES))
BUNDLE = replace(SMALL, tables=TABLES)


def names(likely: Likely) -> list[str]:
    return [NAMES[row] for row in likely.customers]


def test_who_bought_it_most_comes_first_then_who_bought_what_goes_with_it() -> None:
    likely = likely_buyers(BUNDLE, [item("tea")], TODAY)
    assert names(likely)[0] == "ann"
    assert set(names(likely)) == {"ann", "bob", "cyd", "dee"}  # of eve nothing is known
    assert likely.scores[0] == 1.0
    assert (np.diff(likely.scores) <= 0).all()
    assert likely.parts.sum() == pytest.approx(3.0)  # each vote is shared out whole


def test_without_its_buyers() -> None:
    assert names(likely_buyers(BUNDLE, [item("tea")], TODAY, buyers=False))[0] == "bob"  # a kettle
    assert "ann" not in names(likely_buyers(BUNDLE, [item("tea")], TODAY, buyers=False))


def test_a_set_adds_up() -> None:
    both = likely_buyers(BUNDLE, [item("tea"), item("kettle")], TODAY)
    assert set(names(both)[:2]) == {"ann", "bob"}
    assert both.parts.sum() == pytest.approx(5.0)  # nobody bought what goes with a kettle
    assert not len(likely_buyers(BUNDLE, [], TODAY).customers)


def test_a_purchase_fades() -> None:
    now, later = (likely_buyers(BUNDLE, [item("tea")], TODAY + days) for days in (0, 3_000_000))
    assert names(now) == names(later)  # of one age, all fade alike


def test_reasons_have_their_figures() -> None:
    tea = [item("tea")]
    assert reason(BUNDLE, NAMES.index("ann"), np.array([0.5, 0.1, 0.1]), tea) == (
        "bought_before",
        {"orders": 4},
    )
    bob = reason(BUNDLE, NAMES.index("bob"), np.array([0.0, 0.9, 0.1]), tea)
    assert bob == ("goes_with", {"product_id": "kettle"})
    assert reason(BUNDLE, NAMES.index("ann"), np.array([0.0, 0.1, 0.2]), tea) == ("taste", {"products": 2})
