from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.home import Home
from training.errors import BadDataset
from training.evaluate.tasks.experiments import (
    LOOKS,
    TESTED_DAYS,
    VISITORS_A_DAY,
    effects,
    evaluate_experiments,
    traffic,
)
from training.evaluate.tasks.offers import evaluate_offers

MARGINS = np.array([5.0, 20.0, 35.0])


def test_traffic_is_what_it_says() -> None:
    sums = traffic(MARGINS, 0.5, np.random.default_rng(0))
    assert sums.visitors.sum(axis=1).tolist() == [VISITORS_A_DAY * day for day in range(1, TESTED_DAYS + 1)]
    rates = sums.buyers[-1] / sums.visitors[-1]
    assert rates == pytest.approx([0.08, 0.12], abs=0.01)
    assert sums.total[-1] / sums.buyers[-1] == pytest.approx([20, 20], abs=1.5)


def test_each_days_effect_is_that_of_the_visitors_so_far() -> None:
    last = effects(traffic(MARGINS, 0.5, np.random.default_rng(0)))[-1]
    assert last.control == pytest.approx(1.6, abs=0.2)
    assert last.difference == pytest.approx(0.8, abs=0.3)
    per_visitor = 0.08 * 550 - 1.6**2 + 0.12 * 550 - 2.4**2
    assert last.variance == pytest.approx(per_visitor / (TESTED_DAYS * VISITORS_A_DAY / 2), rel=0.1)


def test_looking_every_day_fools_a_t_test_and_not_the_valid_interval() -> None:
    rng = np.random.default_rng(3)
    runs = [traffic(MARGINS, 0.0, rng) for _ in range(60)]
    alarms = {name: sum(look(effects(sums)) for sums in runs) for name, look in LOOKS.items()}
    assert alarms["perennial"] <= 3
    assert alarms["t-test every day"] > 6


@pytest.mark.parametrize("evaluate", [evaluate_offers, evaluate_experiments])
def test_a_home_without_a_demo_shop_says_how_to_make_one(
    evaluate: Callable[[Home], object], tmp_path: Path
) -> None:
    with pytest.raises(BadDataset, match="perennial demo"):
        evaluate(Home(tmp_path))
