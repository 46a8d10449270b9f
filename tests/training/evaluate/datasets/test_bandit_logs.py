from pathlib import Path

import numpy as np
import polars as pl
import pytest

from training.evaluate.tasks.policy import evaluate_policy

OPEN_BANDIT = Path(__file__).parents[5] / "shared" / "data" / "open_bandit_small"


def write_logs(folder: Path, chances: list[float], n: int = 8_000) -> None:
    """Three items of which the third is clicked most, logged with these chances and by lot."""
    rng = np.random.default_rng(4)
    for name, chance in (("bts", chances), ("random", [1 / 3] * 3)):
        item = rng.choice(3, n, p=chance)
        click = 1 * (rng.random(n) < np.array([0.05, 0.1, 0.3])[item])
        table = {"item_id": item, "click": click, "propensity_score": np.array(chance)[item]}
        pl.DataFrame(table).write_parquet(folder / f"{name}_shop.parquet")


def test_the_uniform_policy_is_foretold_from_the_bandits_log(tmp_path: Path) -> None:
    write_logs(tmp_path, [0.1, 0.2, 0.7])
    found = evaluate_policy(tmp_path).metrics
    assert found["shop: dr"]["value"]["low"] < 0.15 < found["shop: dr"]["value"]["high"]
    assert found["shop: dr"]["error"]["value"] < 0.1 < found["shop: dr"]["ess"]["value"]


def test_a_log_that_hardly_ever_explored_is_refused(tmp_path: Path) -> None:
    write_logs(tmp_path, [0.0005, 0.0005, 0.999])
    found = evaluate_policy(tmp_path)
    assert list(found.metrics["shop: refused"]) == ["ess"]
    assert "explore more" in found.settings["shop"]


@pytest.mark.shared_data
@pytest.mark.skipif(not OPEN_BANDIT.exists(), reason="needs the shared data")
def test_open_bandit() -> None:
    found = evaluate_policy(OPEN_BANDIT).metrics
    truth, foretold = found["men: earned"]["value"]["value"], found["men: dr"]["value"]
    assert foretold["low"] <= truth <= foretold["high"]
    assert found["men: dr"]["error"]["value"] <= 0.31
    assert found["women: refused"]["ess"]["value"] < 3
