"""The features of products that may complete ann's cart, by hand.

Covers recommender/kernels/cart.py, too.
"""

from typing import Any

import numpy as np
import pytest

from recommender.context.request import Request, Situation
from recommender.kernels.cart import NEVER_BOUGHT
from recommender.sources.cart import Head, head_of
from recommender.sources.next_basket import next_basket

from bundles import NOW, item, small_bundle


def head(**fields: Any) -> Head | None:
    request = Request("cart", NOW.timestamp(), **({"rest_days": 0} | fields))
    situation = Situation(request, small_bundle())
    return head_of(situation)


def row(best: Head | None, name: str) -> list[float]:
    assert best is not None
    values: list[float] = best.features[best.items.tolist().index(item(name))].tolist()
    return values


def test_the_cart_the_habit_and_the_product_by_hand() -> None:
    best = head(customer_id="ann", cart=("kettle", "cup"))
    habit = 0.1 * np.log(5)  # four orders of tea
    cart = [1, 0.4 + habit, 0.4, 1, 0.4, 0.5, 2]  # the kettle votes, the cup does not
    product = [0.1, 1, 0.2, 0.2]
    tea = row(best, "tea")
    assert tea[:7] == pytest.approx(cart, rel=1e-5)
    assert tea[8:] == pytest.approx([4, 4, 25, 25 / 30, *product])
    spoon = row(best, "spoon")
    assert spoon[:7] == pytest.approx([0.1 / (0.4 + habit), 0.1, 0.1, 0.25, 0.1, 0.5, 2], rel=1e-5)
    assert spoon[8:] == pytest.approx([0, 0, NEVER_BOUGHT, -1, *product])


def test_the_next_basket_gives_its_score() -> None:
    best = head(customer_id="ann", cart=("kettle",))
    situation = Situation(Request("cart", NOW.timestamp(), customer_id="ann"), small_bundle())
    basket = next_basket(situation)
    for name in ("tea", "spoon"):
        assert row(best, name)[7] == basket.scores[basket.items == item(name)].item()


def test_each_item_comes_with_the_anchor_of_its_largest_vote() -> None:
    best = head(customer_id="ann", cart=("mug", "kettle"))
    assert best is not None
    evidence = {
        int(each): (int(anchor), int(count))
        for each, anchor, count in zip(best.items, best.anchors, best.counts, strict=True)
    }
    assert evidence == {item("tea"): (item("kettle"), 16), item("spoon"): (item("mug"), 12)}


def test_what_may_not_be_shown_is_left_out() -> None:
    best = head(customer_id="ann", cart=("kettle",), rest_days=30)
    assert best is not None
    assert sorted(best.items) == sorted([item("spoon"), item("mug")])  # tea was bought 25 days ago


@pytest.mark.parametrize("customer", [None, "somebody"])
def test_without_known_orders_there_is_none(customer: str | None) -> None:
    assert head(customer_id=customer, cart=("kettle",)) is None
