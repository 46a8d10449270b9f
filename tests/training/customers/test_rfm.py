"""Order days and summaries by hand, from events in a real archive."""

from datetime import timedelta

import numpy as np
import pytest
from histories import history_of, list_products, order

from features.home import Home
from features.time_units import DAY_S
from training.customers.rfm import order_days, summarise
from training.data.repeat import customer_days

from factories import NOW, event

TODAY = int(NOW.timestamp()) // DAY_S


def test_days_frequency_recency_and_age_by_hand(home: Home) -> None:
    history = history_of(
        home,
        order("a", customer="ann", days_ago=70),
        order("a", "b", customer="ann", days_ago=28),
        order("b", customer="ann", days_ago=28),
        order("a", customer="bob", days_ago=7),
        order("a"),
    )
    rfm = summarise(order_days(history), TODAY)
    assert rfm.customer.tolist() == [0, 1]
    assert rfm.summary.frequency.tolist() == [1, 0]
    assert rfm.summary.recency.tolist() == [6, 0]
    assert rfm.summary.age.tolist() == [10, 1]
    assert rfm.revenue.tolist() == [40, 10]
    assert rfm.spend.tolist() == [20, 10]
    assert np.isnan(rfm.margin).all()


def test_refunds_are_subtracted_and_what_was_taken_back_whole_never_was(home: Home) -> None:
    back = event(
        "refund", at=NOW - timedelta(days=1), order_id="o-2", items=[("a", 1, 10.0)], customer_id="ann"
    )
    history = history_of(
        home,
        order("a", customer="ann", days_ago=9, order_id="o-1"),
        order("a", customer="ann", days_ago=3, order_id="o-2"),
        order("a", customer="bob", days_ago=3, order_id="o-3"),
        back,
        event("cancel", at=NOW, order_id="o-3", customer_id="bob"),
    )
    rfm = summarise(order_days(history), TODAY)
    assert rfm.customer.tolist() == [0]
    assert rfm.summary.frequency.tolist() == [0]
    assert rfm.revenue.tolist() == [10]


def test_margin_is_of_what_has_a_cost(home: Home) -> None:
    list_products(home, {"a": "A", "b": "B"})
    history = history_of(home, order("a", customer="ann", days_ago=2), order("b", customer="bob", days_ago=2))
    rfm = summarise(order_days(history, np.array([4.0, np.nan])), TODAY)
    assert rfm.margin[0] == pytest.approx(0.6)
    assert np.isnan(rfm.margin[1])


def test_an_orders_discount_is_spread_over_its_goods(home: Home) -> None:
    lines = [
        {"product_id": "a", "quantity": 1, "unit_price": 30.0},
        {"product_id": "b", "quantity": 1, "unit_price": 10.0},
    ]
    bought = event(
        "purchase",
        at=NOW - timedelta(days=3),
        customer_id="ann",
        order={"order_id": "o-1", "discount": 4.0, "items": lines},
    )
    back = event("refund", at=NOW, order_id="o-1", items=[("a", 1, 30.0)], customer_id="ann")
    history = history_of(home, bought, order("a", customer="bob", days_ago=2), back)
    rfm = summarise(order_days(history, np.array([4.0, 5.0])), TODAY)
    assert rfm.revenue.tolist() == [pytest.approx(9), 10]
    assert rfm.margin.tolist() == [pytest.approx(4 / 9), pytest.approx(0.6)]


def test_a_discount_above_the_goods_leaves_nothing(home: Home) -> None:
    lines = [{"product_id": "a", "quantity": 1, "unit_price": 3.0}]
    gift = event("purchase", customer_id="ann", order={"order_id": "o-1", "discount": 5.0, "items": lines})
    assert order_days(history_of(home, gift)).revenue.tolist() == [0]


def test_nobody(home: Home) -> None:
    history = history_of(home, order("a"))
    assert len(customer_days(history)) == 0
    assert len(summarise(order_days(history), TODAY)) == 0
