import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cases import shopper_of
from typer.testing import CliRunner

from training.cli.evaluate import evaluate
from training.data.history import Visits
from training.errors import BadDataset
from training.evaluate.baselines.session import VisitIndex, item_cosine, sequential_rules, vmis, vstan
from training.evaluate.datasets.looks import read_looks, view_cases
from training.evaluate.tasks.session import evaluate_session

REAL = Path(__file__).parents[5] / "shared/data/serenade_example"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A hundred visits along a ring of ten products; the test visits walk it too."""
    rng = np.random.default_rng(5)
    rows = [
        (visit, (start + step) % 10, 1_000_000.0 + 100 * visit + step, "test" if visit >= 90 else "train")
        for visit, start in enumerate(rng.integers(10, size=100).tolist())
        for step in range(3)
    ]
    pl.DataFrame(rows, schema=["SessionId", "ItemId", "Time", "split"], orient="row").write_parquet(
        tmp_path / "sessions.parquet"
    )
    return tmp_path


def visits(*looked_at: list[int]) -> Visits:
    session = np.repeat(np.arange(len(looked_at)), [len(visit) for visit in looked_at]).astype(np.int32)
    item = np.concatenate([np.array(visit, np.int32) for visit in looked_at])
    n = len(item)
    return Visits(session, item, np.full(n, -1, np.int32), np.zeros(n, np.bool_), session + np.int64(10**9))


def test_what_the_data_hold_is_found(dataset: Path) -> None:
    found = evaluate_session(dataset)
    assert (found.cases, found.settings["trees"]) == (20, 0)
    assert found.metrics["perennial"]["hr@20"]["value"] == 1.0
    assert found.metrics["perennial"]["mrr@20"]["value"] > found.metrics["popularity"]["mrr@20"]["value"]
    assert set(found.metrics) > {"perennial", "VMIS-kNN", "VSTAN", "sequential rules", "item cosine"}
    assert set(found.settings) == {"fade", "back", "again", "trees"}


def test_cases_show_what_the_live_state_would_hold(dataset: Path) -> None:
    rows = [("s", item, float(at), "train") for at, item in enumerate(["a", "b", "a", "c"])]
    table = pl.DataFrame(rows, schema=["SessionId", "ItemId", "Time", "split"], orient="row")
    table.write_parquet(dataset / "one.parquet")
    looks = read_looks(dataset / "one.parquet")
    product_ids = ["a", "b", "c"]
    cases = list(view_cases(looks, product_ids))
    assert [shopper_of(case).viewed for case in cases] == [("a",), ("b", "a"), ("a", "b")]
    assert [case.request.product_id for case in cases] == ["a", "b", "a"]
    assert [product_ids[case.truth[0]] for case in cases] == ["b", "a", "c"]
    assert {case.owner for case in cases} == {0}


def test_the_command_prints_one_object(dataset: Path) -> None:
    result = CliRunner().invoke(evaluate, ["session", str(dataset), "--json", "--baselines", "none"])
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["task"] == "session"
    assert list(found["metrics"]) == ["perennial"]
    assert {"value", "low", "high"} == set(found["metrics"]["perennial"]["mrr@20"])


def test_a_folder_without_visits_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"there is no .*sessions\.parquet"):
        evaluate_session(tmp_path)
    pl.DataFrame({"ItemId": [1]}).write_parquet(tmp_path / "sessions.parquet")
    with pytest.raises(BadDataset, match="lacks the column SessionId, Time, split"):
        evaluate_session(tmp_path)


def test_baselines_by_hand() -> None:
    index = VisitIndex.of(visits([0, 1, 2], [0, 1], [3]), 4)
    assert sequential_rules(index, 4)([0]).tolist() == [0, 2, 0.5, 0]
    assert item_cosine(index, 4)([2]).tolist() == pytest.approx([2**-0.5, 2**-0.5, 0, 0])
    looks = np.log(3) + np.log(2)  # idf of 2 counts looks: 6 of them
    assert vmis(index, 4)([2])[2] == pytest.approx(0.9 * looks)
    assert vmis(index, 4)([3])[:3].tolist() == [0, 0, 0]
    assert vstan(index, 4)([3])[:3].tolist() == [0, 0, 0]
    newest_look = vstan(index, 4)([1])
    assert newest_look[0] > newest_look[2] > 0  # two visits against one


@pytest.mark.shared_data
@pytest.mark.skipif(not REAL.exists(), reason="needs the data set serenade_example beside the project")
def test_real_visits_reach_the_published_figures() -> None:
    found = evaluate_session(REAL, baselines=False).metrics["perennial"]
    assert found["mrr@20"]["value"] >= 0.385
    assert found["hr@20"]["value"] >= 0.675
