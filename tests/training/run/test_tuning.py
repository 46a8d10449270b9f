from pathlib import Path
from typing import Any

import numpy as np
import pytest
from histories import archive, list_products, order

from features.catalogue.products import load_products
from features.home import Home
from recommender.model import versions
from recommender.model.bundle import Bundle
from training.data.history import History, load_history
from training.measure.compare import Case
from training.run.cases import evaluation_cases
from training.run.exam import cut_time, halves
from training.run.manifest import manifest_of
from training.run.pipeline import build
from training.run.train import train
from training.run.tuning import TUNED_PARTS, Search, source_ndcg, tune
from training.settings import TrainingSettings

from factories import NOW

TASTES, CARTS = TUNED_PARTS
BAD = TrainingSettings(als_factors=2, als_iterations=2, als_alpha=0.0, als_regularisation=1e5, rest_days=0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Eighty customers, each true to one of eight pairs of products."""
    home, rng = Home(tmp_path), np.random.default_rng(3)
    list_products(home, {f"p{number}": f"Thing {number}" for number in range(16)})
    archive(
        home,
        [
            order(
                f"p{2 * (who % 8)}",
                f"p{2 * (who % 8) + 1}",
                customer=f"c{who}",
                days_ago=float(rng.uniform(0, 100)),
                order_id=f"{who}-{n}",
            )
            for who in range(80)
            for n in range(4)
        ],
    )
    return home


def early_bundle(home: Home) -> tuple[History, dict[str, list[Case]], Bundle]:
    catalogue = load_products(home)
    history = load_history(home, catalogue)
    early = history.before(cut := cut_time(history, BAD))
    tables, index = build(early, catalogue, BAD)
    bundle = Bundle(manifest_of("early", NOW, early, tables, BAD, {}), tables, index)
    return early, evaluation_cases(history, cut, tables, BAD), bundle


def test_a_bad_setting_is_replaced_by_one_that_ranks_better(home: Home) -> None:
    early, tasks, bundle = early_bundle(home)
    learning, judging = halves(tasks)
    steps: list[str] = []
    tuned = tune(early, learning, judging, bundle, BAD, 0.03, lambda step, *_: steps.append(step))
    assert tuned.settings.als_alpha > 0
    before, after = (
        source_ndcg(TASTES, each, judging["next_order"], BAD).mean() for each in (bundle, tuned.bundle)
    )
    assert after > before + 0.1
    assert tuned.chosen == {
        name: getattr(tuned.settings, name) for part in TUNED_PARTS for name in part.choices
    }
    assert {"Tuning: als", "Tuning: co_purchase"} <= set(steps)


def test_the_search_ends_with_its_time(home: Home) -> None:
    early, tasks, bundle = early_bundle(home)
    tried: list[str] = []
    search = Search(TASTES, early, tasks["next_order"], BAD)
    tuned = search.run(bundle, 0.0, lambda step, *_: tried.append(step))
    assert len(tried) <= 1  # of 89: only a trial that begins with the search may begin
    assert tuned.bundle is not None


def test_every_combination_but_the_present_one_is_tried_once() -> None:
    present = TrainingSettings(half_life_days=60)
    tried = [trial.half_life_days for trial in Search(CARTS, None, [], present).trials()]  # type: ignore[arg-type]
    assert sorted(tried) == [30, 120, 180, 365, 1_000]
    assert len(list(Search(TASTES, None, [], TrainingSettings()).trials())) == 3 * 5 * 6 - 1  # type: ignore[arg-type]


def test_later_trainings_begin_with_what_was_found_unless_told_otherwise(home: Home) -> None:
    def settings_of_a_training(settings: TrainingSettings, minutes: float) -> dict[str, Any]:
        version = train(home, settings, NOW, tune_minutes=minutes).version
        (manifest,) = [each for each in versions.manifests(home.models) if each.version == version]
        return manifest.settings

    plain = TrainingSettings(als_iterations=2)
    tuned = settings_of_a_training(plain, 0.01)["tuned"]
    assert set(tuned) == {"als_factors", "als_alpha", "als_regularisation", "half_life_days"}
    later = settings_of_a_training(plain, 0)
    assert later["tuned"] == tuned
    assert {name: later[name] for name in tuned} == tuned
    set_outright = settings_of_a_training(TrainingSettings(als_iterations=2, half_life_days=77), 0)
    assert set_outright["half_life_days"] == 77
    assert set_outright["als_alpha"] == tuned["als_alpha"]
