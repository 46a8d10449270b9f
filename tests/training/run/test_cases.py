from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from cases import shopper_of
from histories import history_of, order

from features.catalogue.products import load_products
from features.home import Home
from features.time_units import DAY_S
from training.data.history import History
from training.run.cases import evaluation_cases, hidden_products, next_orders, rest_of_visits
from training.run.pipeline import build
from training.settings import TrainingSettings

from factories import NOW, event

SETTINGS = TrainingSettings(als_factors=2, als_iterations=2)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return history_of(
        Home(tmp_path),
        order("a", customer="known", days_ago=20),
        order("a", "b", "c", customer="known", days_ago=3, order_id="first"),
        order("b", customer="known", days_ago=2),
        order("a", "c", customer="new", days_ago=1),
        order("b", "c", order_id="guest"),
    )


def test_the_next_order_is_the_first_of_each_customer_known_before(history: History) -> None:
    late = history.purchases.where(history.purchases.timestamp > NOW.timestamp() - 4 * DAY_S)
    (case,) = next_orders(history, late, customers=np.array([history.customer_ids.index("known")]))
    assert case.request.customer_id == "known"
    assert case.request.now == NOW.timestamp() - 3 * DAY_S
    assert case.truth.tolist() == [0, 1, 2]


def test_one_product_of_each_larger_order_is_hidden(history: History) -> None:
    late = history.purchases.where(history.purchases.timestamp > NOW.timestamp() - 4 * DAY_S)
    cases = list(hidden_products(history, late, seed=1))
    assert [case.request.customer_id for case in cases] == ["known", "new", None]
    for case, whole in zip(cases, ["abc", "ac", "bc"], strict=True):
        (hidden,) = case.truth.tolist()
        assert sorted([*case.request.cart, history.product_ids[hidden]]) == list(whole)


def test_the_next_order_is_asked_about_wherever_it_may_be_foretold(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        order("a", "b", customer="ann", days_ago=20),
        order("a", customer="bob", days_ago=10),
        order("a", "b", customer="bob", days_ago=1),
    )
    cut = NOW.timestamp() - 2 * DAY_S
    tables, _ = build(history.before(cut), load_products(Home(tmp_path)), SETTINGS)
    cases = evaluation_cases(history, cut, tables, SETTINGS)
    bought = {"next_order": [0, 1], "buy_again": [0], "home": [1], "post_purchase": [1]}
    for task, products in bought.items():
        (case,) = cases[task]
        assert (case.request.placement, case.request.customer_id) == (task, "bob")
        assert case.truth.tolist() == products
    assert cases["home"][0].request.repeats == 0
    assert cases["post_purchase"][0].request.now == NOW.timestamp() - 10 * DAY_S
    assert cases["visit"] == []


def test_a_visit_is_live_up_to_a_place_and_leads_to_its_rest(tmp_path: Path) -> None:
    looks = ["view", "add_to_cart", "view", "view"]
    events = [
        event(look, product_id=name, anonymous_id="x", at=NOW - timedelta(minutes=9 - position))
        for position, (look, name) in enumerate(zip(looks, "abca", strict=True))
    ]
    history = history_of(Home(tmp_path), *events, event(product_id="a", anonymous_id="bounced"))
    for seed in range(5):
        (case,) = rest_of_visits(history, history.visits, 10, TrainingSettings(seed=seed))
        viewed = shopper_of(case).viewed[::-1]
        assert viewed == tuple("abc")[: len(viewed)]
        assert set(shopper_of(case).cart) == ({"b"} if "b" in viewed else set())
        rest = {history.product_ids[item] for item in case.truth}
        assert rest == set("abca"[len(viewed) :]) - {viewed[-1]}
