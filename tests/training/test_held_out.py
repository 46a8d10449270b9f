from __future__ import annotations

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from training.held_out import cut_time, hidden_products, next_orders
from training.settings import TrainingSettings

from factories import NOW

DAY = 86_400


@pytest.fixture
def history(tmp_path):
    return history_of(
        Home(tmp_path),
        order("a", customer="known", days_ago=20),
        order("a", "b", "c", customer="known", days_ago=3, order_id="first"),
        order("b", customer="known", days_ago=2),
        order("a", "c", customer="unknown", days_ago=1),
        order("b", "c", order_id="guest"),
    )


@pytest.mark.parametrize(("holdout_days", "held"), [(2, 2), (28, 4)])
def test_the_last_days_are_held_out_but_never_more_than_a_fifth(history, holdout_days, held):
    cut = cut_time(history, TrainingSettings(holdout_days=holdout_days))
    assert (NOW.timestamp() - cut) / DAY == pytest.approx(held)


def test_the_next_order_is_the_first_of_each_customer_known_before(history):
    late = history.purchases.where(history.purchases.timestamp > NOW.timestamp() - 4 * DAY)
    (case,) = next_orders(history, late, known=np.array([history.customer_ids.index("known")]))
    assert case.request.customer_id == "known"
    assert case.request.now == NOW.timestamp() - 3 * DAY
    assert case.truth.tolist() == [0, 1, 2]


def test_one_product_of_each_larger_order_is_hidden(history):
    late = history.purchases.where(history.purchases.timestamp > NOW.timestamp() - 4 * DAY)
    cases = list(hidden_products(history, late, seed=1))
    assert [case.request.customer_id for case in cases] == ["known", "unknown", None]
    for case, whole in zip(cases, ["abc", "ac", "bc"], strict=True):
        (hidden,) = case.truth.tolist()
        assert sorted([*case.request.cart, history.product_ids[hidden]]) == list(whole)
