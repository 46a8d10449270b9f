"""The sources that read a table of products each.

Covers recommender/arrays/tables.py, too.
"""

from dataclasses import replace
from math import log2

import numpy as np
import pytest

from features.live.shopper_state import ShopperState
from recommender.context.request import Request, Situation
from recommender.model.bundle import Bundle
from recommender.sources.neighbours import NEARBY, VIEW_FADE, popular_nearby

from bundles import NOW, PRODUCTS, item, small_bundle


def scores_after(*viewed: str, bundle: Bundle | None = None) -> dict[str, float]:
    """Product -> score of `popular_nearby` for a visitor who looked at these, newest first."""
    shopper = ShopperState(viewed=viewed)
    situation = Situation(Request("home", NOW.timestamp(), shopper), bundle or small_bundle())
    found = popular_nearby(situation)
    return {PRODUCTS[i]: score for i, score in zip(found.items.tolist(), found.scores.tolist(), strict=True)}


def test_the_best_sellers_of_the_category_seen_come_in_their_order() -> None:
    kitchen = ("mug", "spoon", "kettle", "cup", "pot")
    expected = {name: 1 / log2(place + 2) for place, name in enumerate(kitchen)}
    found = scores_after("pot")
    assert list(found) == list(kitchen)
    assert found == pytest.approx(expected)


def test_a_category_pulls_by_every_look_and_the_latest_most() -> None:
    found = scores_after("tea", "pot", "cup")
    assert found["tea"] == pytest.approx(1.0)
    assert found["mug"] == pytest.approx(VIEW_FADE + VIEW_FADE**2)
    assert found["tin"] < found["tea"]


def test_nothing_seen_and_no_category_propose_nothing() -> None:
    assert scores_after() == {}
    assert scores_after("postage") == {}
    assert scores_after("never heard of") == {}


def test_only_the_head_of_a_large_category_is_proposed() -> None:
    bundle = small_bundle()
    popular, n = bundle.tables.category_popular, 10 * NEARBY
    large = replace(
        popular,
        offsets=np.array([0, n, n], np.int64),
        items=np.zeros(n, np.int32),
        weights=np.ones(n, np.float32),
        together=np.ones(n, np.int32),
    )
    tables = replace(bundle.tables, category_popular=large)
    situation = Situation(
        Request("home", NOW.timestamp(), ShopperState(viewed=("pot",))), replace(bundle, tables=tables)
    )
    assert popular_nearby(situation).items.tolist() == [item("kettle")] * NEARBY
