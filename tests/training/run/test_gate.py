from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from training.run.gate import objections
from training.settings import TrainingSettings

from bundles import small_tables

SETTINGS = TrainingSettings(gate_min_cases=50, gate_coverage=0.8)  # the postage has no title


def examined(own: float, popularity: float, cases: int = 100) -> dict[str, Any]:
    values = {"perennial": own, "popularity": popularity}
    return {
        "cart": {
            "cases": cases,
            **{name: {"ndcg@10_full": {"value": value}} for name, value in values.items()},
        }
    }


def test_a_sound_bundle_passes() -> None:
    assert objections(small_tables(), examined(0.2, 0.1), examined(0.21, 0.1), SETTINGS) == ()


@pytest.mark.parametrize(("own", "running", "refused"), [(0.161, 0.2, False), (0.159, 0.2, True)])
def test_a_fifth_below_the_running_bundle_is_too_much(own: float, running: float, refused: bool) -> None:
    reasons = objections(small_tables(), examined(own, 0.1), examined(running, 0.1), SETTINGS)
    assert [("than the model that serves" in reason) for reason in reasons] == [True] * refused


def test_worse_than_popularity_is_refused_unless_the_cases_are_too_few_to_tell() -> None:
    (reason,) = objections(small_tables(), examined(0.09, 0.1), {}, SETTINGS)
    assert "worse than plain popularity" in reason
    assert objections(small_tables(), examined(0.09, 0.1, cases=49), {}, SETTINGS) == ()


def test_a_first_bundle_is_better_than_no_answers() -> None:
    assert objections(small_tables(), examined(0.09, 0.1), None, SETTINGS) == ()


def test_no_number_may_be_broken_but_a_price_may_be_unknown() -> None:
    tables = small_tables()
    price = np.full_like(tables.product.price, np.nan)
    assert objections(replace(tables, product=replace(tables.product, price=price)), {}, {}, SETTINGS) == ()
    items = np.full_like(tables.factors.items, np.nan)
    (reason,) = objections(replace(tables, factors=replace(tables.factors, items=items)), {}, {}, SETTINGS)
    assert "factors.items" in reason


def test_sold_products_need_titles() -> None:
    tables = small_tables()
    untitled = np.zeros_like(tables.product.recommendable)
    (reason,) = objections(
        replace(tables, product=replace(tables.product, recommendable=untitled)), {}, {}, SETTINGS
    )
    assert "import the catalogue" in reason
