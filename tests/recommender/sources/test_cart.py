"""Cart completion by hand: EASE's weights of the cart and the habit on one scale."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from random_shop import random_bundle, random_request

from recommender.context.request import Request, Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.recommend import Recommender
from recommender.sources.candidates import Candidates
from recommender.sources.cart import completion, head_of, prior, ranked

from bundles import NOW, item, neighbours, small_bundle
from scale import QUESTIONS


def totals(bundle: Bundle, **fields: Any) -> dict[int, float]:
    request = Request("cart", now=NOW.timestamp(), **fields)
    candidates = completion(Situation(request, bundle))
    return {
        int(each): float(candidates.scores[candidates.items == each].sum())
        for each in np.unique(candidates.items)
    }


def test_weights_of_the_cart_and_the_habit_add_up() -> None:
    # tea: .4 with the kettle, .2 with the mug, and ann's four orders at .1 x log 5
    candidates = totals(small_bundle(), customer_id="ann", cart=("kettle", "mug"))
    assert candidates[item("tea")] == pytest.approx(0.6 + 0.1 * np.log(5))
    assert candidates[item("spoon")] == pytest.approx(0.6)
    assert candidates[item("mug")] == pytest.approx(0.1 * np.log(2))  # in the cart: left out later


def test_negative_weights_can_keep_a_product_out() -> None:
    bundle = small_bundle()
    against = neighbours({"kettle": [("tea", 0.4, 16), ("spoon", 0.1, 4)], "mug": [("tea", -0.5, 9)]})
    bundle = replace(bundle, tables=replace(bundle.tables, companions=against))
    recommender = Recommender(bundle, Availability.of(bundle.tables))

    def best(*cart: str) -> tuple[int, str]:
        pick, *_ = recommender.recommend(Request("cart", now=NOW.timestamp(), cart=cart), k=1)
        return pick.item, pick.source

    assert best("kettle") == (item("tea"), "co_purchase")
    assert best("kettle", "mug") == (item("spoon"), "co_purchase")


def test_a_product_of_growing_sales_counts_more() -> None:
    bundle = small_bundle()
    trend = bundle.tables.next_basket.trend.copy()
    trend[item("spoon")] = 2.0
    trending = replace(bundle.tables, next_basket=replace(bundle.tables.next_basket, trend=trend))
    assert totals(replace(bundle, tables=trending), cart=("mug",))[item("spoon")] == pytest.approx(
        0.5 * 2**0.15
    )


def test_the_habit_gives_its_own_reason() -> None:
    bundle = small_bundle()
    request = Request("cart", now=NOW.timestamp(), customer_id="ann", cart=("spoon",))
    pick = Recommender(bundle, Availability.of(bundle.tables)).recommend(request, 1)[0]
    assert (pick.item, pick.reason.code) == (item("tea"), "buy_again")


def test_the_trees_order_in_one_call_as_they_do_step_by_step() -> None:
    """2,000 questions at full scale about a shop of 800 products."""
    rng, bundle, ordered = Random(5), random_bundle(), 0
    trees = bundle.tables.cart_trees
    for number in range(QUESTIONS):
        situation = Situation(random_request(rng), bundle)
        candidates, head = ranked(situation), head_of(situation)
        if head is None:
            plain = completion(situation)
        else:
            chances, ordered = trees.chances(head.features, prior(head.features)), ordered + 1
            plain = Candidates(head.items, chances, head.anchors, head.counts)
        assert [each.tolist() for each in candidates] == [each.tolist() for each in plain], number
    assert ordered > QUESTIONS / 2
