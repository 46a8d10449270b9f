from pathlib import Path

import numpy as np
from histories import history_of, order

from features.home import Home
from recommender.context.request import Request
from training.measure.compare import Case
from training.models.discovery import DiscoveryTuning
from training.run.discovery import PART_SOURCES, first_purchases, tune_discovery
from training.settings import TrainingSettings

from bundles import NOW, item, small_bundle

SETTINGS = TrainingSettings()


def case(customer: str | None, *products: str) -> Case:
    request = Request("home", NOW.timestamp(), customer_id=customer, rest_days=0)
    return Case(request, np.array([item(product) for product in products], np.int32))


def test_only_what_was_new_to_a_known_customer_counts() -> None:
    cases = [case("ann", "tea", "spoon"), case("ann", "mug"), case("stranger", "spoon")]
    (kept,) = first_purchases(cases, small_bundle())
    assert kept.truth.tolist() == [item("spoon")]


def test_few_first_purchases_leave_the_fixed_weights(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), order("tea"))
    tuning = tune_discovery([case("bob", "tea")] * 99, small_bundle(), history, SETTINGS)
    assert tuning == DiscoveryTuning()


def test_the_part_that_knows_best_gets_the_weight(tmp_path: Path) -> None:
    """EASE has tea first for bob, who bought a kettle; his peers buy spoons."""
    history = history_of(Home(tmp_path), *(order(name) for name in ("cup", "kettle", "mug", "pot")))
    history.product_ids.extend(["postage", "spoon", "tea", "tin"])  # as many as the bundle has
    tuned = tune_discovery([case("bob", "tea")] * 100, small_bundle(), history, SETTINGS)
    assert [source.name for source in PART_SOURCES] == ["als", "companions", "peers"]
    assert tuned.mix[1] == 1.0
    assert tuned.mix[2] < 1.0
