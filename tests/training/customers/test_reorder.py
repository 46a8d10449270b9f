"""What is learned of gaps, on orders of known rhythm."""

from datetime import timedelta

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from recommender.value.reorder_timing import due
from training.customers.reorder import error_quantiles, fit_reorder, learn_gaps
from training.data.history import History

from factories import NOW, event

NO_CATEGORY = np.full(2, -1, np.int32)


@pytest.fixture
def history(home: Home) -> History:
    """30 customers who buy `coffee` every 20 days; 10 of them bought `lamp`, once."""
    coffee = [
        order("coffee", customer=f"c{number:02}", days_ago=number + 20 * time)
        for number in range(30)
        for time in range(5)
    ]
    return history_of(home, *coffee, *(order("lamp", customer=f"c{number:02}") for number in range(10)))


def test_rhythm_and_chance_of_each_product(history: History) -> None:
    table = fit_reorder(history.purchases, NO_CATEGORY, 30)
    own = table.of(0)
    assert [history.product_ids[item] for item in own.item] == ["coffee", "lamp"]
    assert own.times.tolist() == [5, 1]
    assert own.last_gap.tolist() == [20, 0]
    due_days = due(table, own, int(own.last_day[0]))
    assert due_days.day[0] == pytest.approx(own.last_day[0] + 20, abs=0.5)
    shop = 30 / 40  # of buyers and products; ten buyers draw the lamp half-way from it to none
    assert due_days.chance[0] > 0.9
    assert due_days.chance[1] == pytest.approx(shop / 2, abs=0.01)
    assert table.expected[:2, 0] == pytest.approx(due_days.day, abs=0.01)
    assert table.expected[:2, 2] == pytest.approx(due_days.latest, abs=0.01)


def test_more_packs_last_longer(home: Home) -> None:
    """Everybody buys one pack for ten days, then two for twenty, and so on."""
    events = [
        event(
            "purchase",
            at=NOW - timedelta(days=day),
            customer_id=f"c{number:02}",
            items=[("coffee", packs, 5.0)],
        )
        for number in range(40)
        for day, packs in ((100, 2), (80, 1), (70, 2), (50, 1), (40, 2), (20, 1))
    ]
    table = fit_reorder(history_of(home, *events).purchases, NO_CATEGORY[:1], 40)
    habits = table.of(0)
    day = int(habits.last_day[0]) + 10
    after = [habits.bought(0, day, packs) for packs in (1.0, 2.0)]
    waits = [float(due(table, each, day).day[0]) - day for each in after]
    assert waits == pytest.approx([10, 20], rel=0.15)


def test_a_shop_without_repeats_keeps_what_is_usual(home: Home) -> None:
    history = history_of(home, order("coffee", customer="ann"), order("lamp", customer="bob"))
    table = fit_reorder(history.purchases, NO_CATEGORY, 2)
    due_days = due(table, table.of(0), int(table.last_day[0]))
    assert due_days.day[0] - table.last_day[0] == pytest.approx(60)
    assert due_days.latest[0] - table.last_day[0] == pytest.approx(240)
    assert due_days.chance[0] < 0.01


def test_nobody_is_known(home: Home) -> None:
    table = fit_reorder(history_of(home, order("coffee"), order("lamp")).purchases, NO_CATEGORY, 0)
    assert table.offsets.tolist() == [0]
    assert len(table.of(-1).item) == 0


def test_weights_are_those_that_made_the_gaps() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(5_000, 2))
    gaps = 1.0 + features @ [0.7, 0.2] + rng.laplace(scale=0.3, size=5_000)
    weights, errors = learn_gaps(features, gaps, np.zeros(5_000, np.int32))
    assert weights == pytest.approx([1.0, 0.7, 0.2], abs=0.02)
    assert errors[0] == pytest.approx([0.3 * np.log(0.1), -0.3 * np.log(0.1)], rel=0.1)


def test_errors_nobody_measured_are_wide() -> None:
    quantiles = error_quantiles(np.zeros(25), np.zeros(25, np.int32))
    assert quantiles[0].tolist() == [0, 0]
    assert quantiles[1] == pytest.approx([-np.log(4), np.log(4)])
