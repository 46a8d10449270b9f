from pathlib import Path

import numpy as np
import polars as pl
import pytest
from histories import history_of, order

from features.home import Home
from training.data.interactions import purchase_confidence
from training.data.repeat import GAP_PRIOR_REPEATS, RATE_PRIOR_BUYERS, purchases_table, repeat_table, shrunk
from training.settings import TrainingSettings


def test_rate_and_gap_by_hand(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        *(order("tea", customer="c", days_ago=days) for days in (60, 40, 10)),
        order("tea", customer="d", days_ago=30),
        order("tea", customer="d", days_ago=30),  # twice on one day is no return
        order("pot", customer="c", days_ago=5),
        order("tea"),
    )
    rate, gap = repeat_table(history, np.full(2, -1, np.int32))
    pot, tea = history.product_ids.index("pot"), history.product_ids.index("tea")
    shop = 1 / 3  # of three customer and product pairs, one came again
    assert rate[tea] == pytest.approx((2 * 0.5 + RATE_PRIOR_BUYERS * shop) / (2 + RATE_PRIOR_BUYERS))
    assert rate[pot] == pytest.approx(RATE_PRIOR_BUYERS * shop / (1 + RATE_PRIOR_BUYERS))
    assert gap.tolist() == pytest.approx([25, 25])  # gaps 20 and 30, and nothing else to lean on


def test_a_product_leans_on_its_category_and_that_on_the_shop() -> None:
    measured = pl.DataFrame({"item": [0, 1], "n": [5, 5], "value": [10.0, 30.0]})
    value = shrunk(measured, np.array([0, 1, 0], np.int32), prior=GAP_PRIOR_REPEATS, unknown=60)
    assert value == pytest.approx([12.5, 27.5, 15.0])


def test_without_any_repeat_the_usual_gap_is_assumed(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), order("tea", customer="c"))
    rate, gap = repeat_table(history, np.full(1, -1, np.int32))
    assert (rate.tolist(), gap.tolist()) == ([0.0], [60.0])


def test_purchases_of_a_customer(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        order("tea", "pot", customer="b", days_ago=10),
        order("tea", customer="b"),
        order("tea", customer="a", days_ago=1),
        order("tea"),
    )
    table = purchases_table(
        history, purchase_confidence(history, TrainingSettings(half_life_days=10, als_alpha=2))
    )
    pot, tea = history.product_ids.index("pot"), history.product_ids.index("tea")
    row = table.of(history.customer_ids.index("b"))
    today = int(history.until // 86_400)
    assert row.items.tolist() == [pot, tea]
    assert row.orders.tolist() == [1, 2]
    assert row.last_day.tolist() == [today - 10, today]
    assert row.confidence.tolist() == pytest.approx([2.0, 4.0])
    assert len(table.of(-1).items) == 0
