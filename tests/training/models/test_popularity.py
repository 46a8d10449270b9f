from pathlib import Path

import numpy as np
import polars as pl
import pytest
from histories import history_of, order

from features.catalogue.products import schema
from features.home import Home
from training.data.history import History
from training.data.products import align
from training.models.popularity import (
    decayed_demand,
    newest,
    popular,
    popular_by_category,
    trend_of,
    trending,
    usual,
)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """old: ten orders long ago; fresh: six orders of late; steady: an order every 10 days; shelf: none."""
    return history_of(
        Home(tmp_path),
        *(order("old", days_ago=200 + day) for day in range(10)),
        *(order("fresh", days_ago=day) for day in range(6)),
        *(order("steady", days_ago=day) for day in range(0, 210, 10)),
        order("unlisted"),
    )


FRESH, OLD, STEADY, UNLISTED = range(4)  # in order of their ids
NO_CATALOGUE = pl.DataFrame(schema=schema())
SHOWN = np.array([True, True, True, False])


def test_orders_fade(history: History) -> None:
    assert decayed_demand(history, 200)[OLD] == pytest.approx(
        sum(0.5 ** (day / 200) for day in range(200, 210))
    )


def test_popular_holds_all_that_may_be_shown_by_decayed_demand(history: History) -> None:
    ranking = popular(history, SHOWN, np.array([6, 10, 21, 1], np.int32), align(NO_CATALOGUE, history))
    assert ranking.items.tolist() == [FRESH, STEADY, OLD]
    assert ranking.counts.tolist() == [6, 21, 10]


def test_before_any_order_categories_take_turns_each_with_its_usual_price() -> None:
    price = np.array([1.0, 9.0, 10.0, 30.0, 2.0, np.nan], np.float32)
    category = np.array([0, 0, 0, 0, 1, 1], np.int32)
    assert np.argsort(usual(price, category)).tolist() == [1, 4, 2, 5, 3, 0]


def test_trending_is_what_sells_faster_than_it_used_to(history: History) -> None:
    ranking = trending(history, SHOWN)
    assert ranking.items[0] == FRESH
    assert ranking.counts[0] == 6
    assert OLD not in ranking.items
    assert (np.diff(ranking.scores) <= 0).all()


def test_newest_first_and_those_of_a_day_by_sales() -> None:
    first_day = np.array([20, 10, 20, 30], np.int32)
    ranking = newest(first_day, SHOWN, sales=np.array([1.0, 9.0, 2.0, 5.0]))
    assert ranking.items.tolist() == [2, 0, 1]
    assert ranking.counts.tolist() == [20, 20, 10]


def test_categories_keep_the_order_of_the_ranking(history: History) -> None:
    ranking = popular(history, SHOWN, np.array([6, 10, 21, 1], np.int32), align(NO_CATALOGUE, history))
    table = popular_by_category(ranking, [np.array([], np.int32), np.array([0, 1, 3], np.int32)])
    assert table.of(0).items.tolist() == []
    assert table.of(1).items.tolist() == [FRESH, OLD]
    assert table.of(1).together.tolist() == [6, 10]


def test_lines_of_one_time_have_no_trend() -> None:
    items = np.array([0, 0, 1], np.int32)
    assert trend_of(items, np.array([7, 7, 7]), np.array([2, 1, 0])).tolist() == [1, 1, 1]
