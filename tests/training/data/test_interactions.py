from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from training.data.interactions import buyer_items, confidence, decay, order_items, purchase_confidence
from training.settings import TrainingSettings

from factories import NOW, event

SETTINGS = TrainingSettings(half_life_days=10, als_alpha=4, view_weight=0.5)


def test_an_event_counts_half_after_each_half_life() -> None:
    day = 86_400
    assert decay(np.array([20 * day, 10 * day, 0]), 20 * day, 10).tolist() == [1.0, 0.5, 0.25]


def test_confidence_is_one_plus_alpha_times_the_decayed_evidence(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        order("a", customer="c", days_ago=10),
        order("a", "b", customer="c"),
        order("b"),
        event("view", product_id="a", customer_id="c"),
    )
    assert purchase_confidence(history, SETTINGS).toarray() == pytest.approx(np.array([[7.0, 5.0]]))
    everybody = confidence(history, SETTINGS).toarray()
    assert everybody[0] == pytest.approx([9.0, 5.0])
    assert everybody.sum() == pytest.approx(9 + 5 + 5)


def test_a_sum_given_back_takes_no_product_out(tmp_path: Path) -> None:
    kept, gone = order("a", "b", order_id="o-1", customer="c"), order("b", order_id="o-2", customer="d")
    sums = [event("refund", order_id=order_id, unit_price=10.0) for order_id in ("o-1", "o-2")]
    history = history_of(Home(tmp_path), kept, gone, *sums)
    assert buyer_items(history).sum(axis=0).tolist() == [[1.0, 1.0]]
    assert purchase_confidence(history, SETTINGS).toarray().tolist() == [[5.0, 5.0], [0.0, 0.0]]


def test_matrices_hold_ones_however_often_something_was_bought(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), order("a", customer="c"), order("a", "b", customer="c"), order("b"))
    assert order_items(history).sum(axis=0).tolist() == [[2.0, 2.0]]
    assert buyer_items(history).sum(axis=0).tolist() == [[1.0, 2.0]]
    assert NOW.timestamp() == history.until
