from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.catalogue.products import load_products
from features.home import Home
from recommender.placements import fixed_weights
from training.run.rehearsal import rehearse
from training.run.train import fit
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(als_factors=4, als_iterations=2)


@pytest.mark.parametrize(("days", "kept"), [(600, True), (60, False)])
def test_what_was_tuned_on_nearly_everything_stands(tmp_path: Path, days: int, kept: bool) -> None:
    orders = [order("a", "b", customer=f"c{n % 7}", days_ago=n * days / 60) for n in range(60)]
    history = history_of(Home(tmp_path), *orders)
    rehearsal = rehearse(history, load_products(Home(tmp_path)), SETTINGS)
    assert (rehearsal.settings.ease_lambda is not None) is kept
    assert rehearsal.metrics.keys() <= {"next_order", "cart"}
    assert np.array_equal(rehearsal.source_weights, fixed_weights())  # too few questions
    assert rehearsal.source_figures == {}


def test_the_trees_that_order_carts_are_handed_over(tmp_path: Path) -> None:
    orders = [
        order("a", "b", "cd"[n % 2], customer=f"c{n % 20}", days_ago=n / 6, order_id=f"o{n}")
        for n in range(600)
    ]
    home, settings = Home(tmp_path), SETTINGS.model_copy(update={"rest_days": 0})
    tables, _, rehearsal = fit(history_of(home, *orders), load_products(home), settings)
    assert len(tables.cart_trees) > 0
    assert tables.cart_trees is rehearsal.cart_trees


def test_a_single_order_leaves_nothing_to_rehearse_with(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), order("a"))
    rehearsal = rehearse(history, load_products(Home(tmp_path)), SETTINGS)
    assert (rehearsal.metrics, rehearsal.settings, rehearsal.warm_start.next_basket) == ({}, SETTINGS, None)


def test_a_large_shop_rehearses_on_some_customers_and_goes_on_from_their_vectors(tmp_path: Path) -> None:
    orders = [
        order("a", "b", "cd"[n % 2], customer=f"c{n % 90}", days_ago=n / 6, order_id=f"o{n}")
        for n in range(900)
    ]
    home, settings = Home(tmp_path), SETTINGS.model_copy(update={"rehearsal_lines": 1_500})
    history = history_of(home, *orders)
    rehearsal = rehearse(history, load_products(home), settings)
    assert rehearsal.warm_start.factors is not None
    assert rehearsal.warm_start.factors.items.shape == (4, 4)
    assert rehearsal.settings.ease_lambda is None  # tuned on fewer orders than the real training has
    tables, _, _ = fit(history, load_products(home), settings)
    assert len(np.unique(tables.purchases.items)) == 4
    assert len(tables.purchases.offsets) == 91
