"""When something is bought again, from weights set by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from recommender.reorder import Habits, Reorder, describe, due, normal_cdf

ITEM_GAP = np.log(np.array([30.0, 90.0], np.float32))


def table(*habits: Habits) -> Reorder:
    """One customer; the shrunk own gap alone foretells."""
    columns = [np.concatenate(parts) for parts in zip(*habits, strict=True)]
    weights = np.zeros(7)
    weights[1] = 1.0
    return Reorder(
        weights,
        np.array([[-1.0, 1.0]] * 4),
        ITEM_GAP,
        np.array([0.5, 0.1], np.float32),
        np.array([0, len(habits)]),
        *columns,
    )


def test_a_first_purchase_is_followed_after_the_products_own_time() -> None:
    begun = Habits.begun(1, 100)
    found = due(table(begun), begun, 100)
    assert found.day[0] == pytest.approx(190)
    assert (found.earliest[0], found.latest[0]) == pytest.approx((100 + 90 / np.e, 100 + 90 * np.e))
    assert found.chance[0] == pytest.approx(0.1, abs=0.01)


def test_own_gaps_are_drawn_to_the_products() -> None:
    habits = Habits.begun(0, 100).bought(0, 110).bought(0, 120)
    assert due(table(habits), habits, 120).day[0] == pytest.approx(
        120 + np.exp((2 * np.log(10) + np.log(30)) / 3)
    )


def test_who_has_waited_too_long_hardly_buys_it_again() -> None:
    habits = Habits.begun(0, 100).bought(0, 130)
    chances = [due(table(habits), habits, today).chance[0] for today in (130, 160, 400)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == pytest.approx((1 + 2 * 0.5) / (1 + 2), abs=0.01)
    assert chances[-1] < 0.05


def test_a_purchase_of_the_same_day_or_out_of_order_changes_nothing() -> None:
    habits = Habits.begun(0, 100).bought(0, 130)
    assert habits.bought(0, 130) is habits
    assert habits.bought(0, 90) is habits


def test_features_by_hand() -> None:
    habits = Habits.begun(0, 100).bought(0, 120).bought(0, 125, amount=2.0)
    own = (np.log(20) + np.log(5) + np.log(30)) / 3
    expected = [own, np.log(5), np.log(12.5), np.log(3), 1.0, np.log(2)]
    assert describe(ITEM_GAP, habits)[0] == pytest.approx(expected)


def test_an_unknown_customer_has_no_habits() -> None:
    assert len(table(Habits.begun(0, 1)).of(-1).item) == 0


def test_normal_distribution() -> None:
    z = np.linspace(-6, 6, 41)
    assert normal_cdf(z) == pytest.approx(norm.cdf(z), abs=1e-7)
