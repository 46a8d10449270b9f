from pathlib import Path

import numpy as np
import polars as pl
import pytest

from training.errors import BadDataset
from training.evaluate.tasks.policy import evaluate_policy
from training.evaluate.tasks.uplift import evaluate_uplift

HILLSTROM = Path(__file__).parents[5] / "shared" / "data" / "hillstrom"


def write_trial(folder: Path, n: int = 6_000) -> None:
    """Mail moves those who came lately; the other mail does nothing."""
    rng = np.random.default_rng(1)
    lately, arm = rng.integers(2, size=n), rng.choice(["No mail", "Mail", "Other mail"], n)
    chance = 0.1 + 0.5 * lately * (arm == "Mail") + 0.6 * (1 - lately)
    visit = 1.0 * (rng.random(n) < chance)
    table = {"lately": lately, "segment": arm, "visit": visit, "conversion": visit, "spend": 10 * visit}
    pl.DataFrame(table).write_parquet(folder / "trial.parquet")


def test_who_is_moved_is_found_and_who_buys_anyway_is_not_taken_for_moved(tmp_path: Path) -> None:
    write_trial(tmp_path)
    found = evaluate_uplift(tmp_path, seeds=1).metrics
    assert found["perennial"]["qini"]["value"] > 0.1 > abs(found["random"]["qini"]["value"])
    assert found["perennial"]["auuc"]["value"] > found["response model"]["auuc"]["value"]


def test_a_policy_earns_at_least_what_the_best_arm_for_all_does(tmp_path: Path) -> None:
    write_trial(tmp_path)
    found = evaluate_policy(tmp_path)
    assert found.settings["best single arm"] == "Mail for all"
    best = found.metrics["Mail for all"]["value"]["value"]
    assert found.metrics["perennial"]["value"]["value"] == pytest.approx(best, rel=0.05)


def test_other_files_are_refused_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="conversion"):
        evaluate_uplift(tmp_path)


@pytest.mark.shared_data
@pytest.mark.skipif(not HILLSTROM.exists(), reason="needs the shared data")
def test_hillstrom() -> None:
    assert evaluate_uplift(HILLSTROM, baselines=False).metrics["perennial"]["qini"]["value"] >= 0.060
    policy = evaluate_policy(HILLSTROM)
    assert policy.metrics["perennial"]["value"]["value"] >= 1.42
    assert policy.metrics["perennial"]["ess"]["value"] > 20_000
