from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from training.models.cart import DEFAULT_HABIT, DEFAULT_RIDGE, cart_orders, hold_out, tune_carts
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(half_life_days=10)


def test_large_and_old_orders_count_less(tmp_path: Path) -> None:
    # weights 1/2 / sqrt 4 = 1/4 and 1 / sqrt 1 = 1, divided by their mean of 5/8: 2/5 and 8/5
    large = order("a", "b", "c", "d", customer="ann", days_ago=10, order_id="1")
    history = history_of(Home(tmp_path), large, order("a", customer="bob", order_id="2"))
    weights = cart_orders(history, SETTINGS)
    assert weights.toarray() ** 2 == pytest.approx(np.array([[0.4] * 4, [1.6, 0, 0, 0]]))


def test_the_last_order_of_who_came_back_is_held_out(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        order("a", "b", customer="ann", days_ago=9, order_id="1"),
        order("a", "c", customer="ann", days_ago=1, order_id="2"),
        order("b", "c", customer="bob", days_ago=1, order_id="3"),  # their only one
    )
    orders, hidden = hold_out(history, SETTINGS)
    assert np.diff(orders.indptr).tolist() == [2, 0, 2]
    left = set(hidden.carts.indices.tolist())
    assert {history.product_ids[row] for row in {*left, *hidden.truth.tolist()}} == {"a", "c"}
    assert len(left) == len(hidden.truth) == 1
    by_sale = hidden.own.toarray()[0]
    assert sorted(by_sale.tolist()) == pytest.approx([0, np.log(2), np.log(2)])


def test_thin_histories_keep_the_defaults(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), order("a", "b", customer="ann"))
    assert tune_carts(history, SETTINGS) == (DEFAULT_RIDGE, DEFAULT_HABIT)
    assert tune_carts(history, TrainingSettings(ease_lambda=3, cart_habit=0)) == (3, 0)


def test_who_always_buys_the_same_makes_the_habit_count(tmp_path: Path) -> None:
    # Everybody orders their own two of 40 products each time: the habit says it all
    own = [(f"p{2 * n % 40}", f"p{(7 * n + 1) % 40 // 2 * 2 + 1}") for n in range(80)]
    orders = [
        order(*pair, customer=f"c{n}", days_ago=days, order_id=f"{n}-{days}")
        for n, pair in enumerate(own)
        for days in (1, 20, 40)
    ]
    assert tune_carts(history_of(Home(tmp_path), *orders), SETTINGS).habit > 0
