"""When something is bought again, from weights set by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from recommender.value.reorder_timing import Habits, Reorder, due, gap_features, normal_cdf

ITEM_GAP = np.log(np.array([30.0, 90.0], np.float32))
ITEM_PACKS = np.log(np.array([1.0, 2.0], np.float32))


def table(*habits: Habits) -> Reorder:
    """One customer; the shrunk own gap alone foretells."""
    columns = [np.concatenate(parts) for parts in zip(*habits, strict=True)]
    not_computed = np.zeros((len(columns[0]), 3), np.float32)
    weights = np.zeros(8)
    weights[1] = 1.0
    return Reorder(
        weights,
        np.array([[-1.0, 1.0]] * 4),
        ITEM_GAP,
        np.array([0.5, 0.1], np.float32),
        ITEM_PACKS,
        np.array([0, len(habits)]),
        *(*columns, not_computed),
    )


def test_a_first_purchase_is_followed_after_the_products_own_time() -> None:
    first_purchase = Habits.first_purchase(1, 100)
    expected = due(table(first_purchase), first_purchase, 100)
    assert expected.day[0] == pytest.approx(190)
    assert (expected.earliest[0], expected.latest[0]) == pytest.approx((100 + 90 / np.e, 100 + 90 * np.e))
    assert expected.chance[0] == pytest.approx(0.1, abs=0.01)


def test_own_gaps_are_drawn_to_the_products() -> None:
    habits = Habits.first_purchase(0, 100).bought(0, 110).bought(0, 120)
    assert due(table(habits), habits, 120).day[0] == pytest.approx(
        120 + np.exp((2 * np.log(10) + np.log(30)) / 3)
    )


def test_who_has_waited_too_long_hardly_buys_it_again() -> None:
    habits = Habits.first_purchase(0, 100).bought(0, 130)
    chances = [due(table(habits), habits, today).chance[0] for today in (130, 160, 400)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] == pytest.approx((1 + 2 * 0.5) / (1 + 2), abs=0.01)
    assert chances[-1] < 0.05


def test_a_purchase_of_the_same_day_or_out_of_order_changes_nothing() -> None:
    habits = Habits.first_purchase(0, 100).bought(0, 130)
    assert habits.bought(0, 130) is habits
    assert habits.bought(0, 90) is habits


def test_features_by_hand() -> None:
    habits = Habits.first_purchase(0, 100).bought(0, 120).bought(0, 125, packs=8.0)
    own = (np.log(20) + np.log(5) + np.log(30)) / 3
    expected = [own, np.log(5), np.log(12.5), np.log(3), 1.0, np.log(4), np.log(2) / 3]
    assert gap_features(ITEM_GAP, ITEM_PACKS, habits)[0] == pytest.approx(expected)


def test_of_a_first_purchase_it_counts_how_much_more_than_usual_it_was() -> None:
    first = gap_features(ITEM_GAP, ITEM_PACKS, Habits.first_purchase(1, 100, packs=6.0))
    assert first[0, 5:] == pytest.approx([0, np.log(3)])


def test_another_product_joins_the_habits() -> None:
    habits = Habits.first_purchase(0, 100).bought(1, 110, packs=3.0)
    assert habits.item.tolist() == [0, 1]
    assert habits.times.tolist() == [1, 1]
    assert habits.last_packs.tolist() == [1, 3]


def test_where_a_habit_stands() -> None:
    both = table(Habits.first_purchase(0, 1), Habits.first_purchase(1, 1))
    assert [both.position(0, item) for item in (0, 1, 7)] == [0, 1, -1]
    assert both.position(-1, 0) == -1


def test_an_unknown_customer_has_no_habits() -> None:
    assert len(table(Habits.first_purchase(0, 1)).of(-1).item) == 0


def test_normal_distribution() -> None:
    z = np.linspace(-6, 6, 41)
    assert normal_cdf(z) == pytest.approx(norm.cdf(z), abs=1e-7)
