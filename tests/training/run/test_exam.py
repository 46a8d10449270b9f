from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from features.time_units import DAY_S
from recommender.context.request import Request
from training.measure.compare import Case
from training.run.exam import cut_time, halves
from training.settings import TrainingSettings

from factories import NOW


@pytest.mark.parametrize(("holdout_days", "held"), [(2, 2), (28, 4)])
def test_the_last_days_are_held_out_but_never_more_than_a_fifth(
    tmp_path: Path, holdout_days: int, held: float
) -> None:
    old = [order("a", days_ago=20 - day) for day in range(12)]
    history = history_of(Home(tmp_path), *old, *(order("a", days_ago=day) for day in (3, 2, 1, 0)))
    cut = cut_time(history, TrainingSettings(holdout_days=holdout_days))
    assert (NOW.timestamp() - cut) / DAY_S == pytest.approx(held)


def test_a_shop_that_sold_most_of_late_still_learns_from_two_thirds_of_its_orders(tmp_path: Path) -> None:
    orders = [order("a", days_ago=ago, order_id=str(ago)) for ago in (100, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]
    history = history_of(Home(tmp_path), *orders)
    cut = cut_time(history, TrainingSettings())
    assert len(history.before(cut).purchases) == 7


def test_what_came_first_is_learned_from_and_the_rest_judges() -> None:
    cases = [
        Case(Request("next_order", now=NOW.timestamp()), np.array([item], np.int32)) for item in range(5)
    ]
    first, rest = halves({"next_order": cases, "cart": []})
    assert (first, rest) == ({"next_order": cases[:2], "cart": []}, {"next_order": cases[2:], "cart": []})
