"""Load tests and bench as a user runs them, for moments, against a small shop of their own.

Covers the modules of loadtests/bench, machine and traffic that have no test file of their own.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from features.home import Home
from features.progress import silent
from loadtests.bench.command import bench
from loadtests.bench.plan import BenchPlan, ShopSize
from loadtests.bench.questions import PLACEMENTS
from loadtests.bench.show import show
from loadtests.machine.server import NoServer, borrowed_home
from training.demo.build import build_demo

from serving import ROOT

MOMENTS = BenchPlan(
    rounds=1,
    warm_up_s=0.1,
    window_s=0.1,
    paced_s=0.1,
    rate=50,
    batches=2,
    tries=20,
    picks=20,
    looks=200,
    trained=ShopSize(150, 400, 900, 1_200),
    products=1_000,
    customers=1_000,
    starts_with=1_000,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo home that nobody serves."""
    home = Home(tmp_path_factory.mktemp("load") / "home")
    build_demo(home, seed=7, customers=200, products=60, now=datetime.now(UTC), report=silent)
    (home.redis / "appendonly.aof").write_bytes(b"live state")
    return home.root


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return bench(None, MOMENTS)


def loadtest(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "loadtests", "--rate", "20", "--seconds", "2", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_load_test_judges_and_saves_what_it_measured(home: Path, tmp_path: Path) -> None:
    done = loadtest("--home", str(home), "--reports", str(tmp_path))
    saved = json.loads(next(tmp_path.glob("*.json")).read_text())
    verdict = saved["verdict"]
    assert done.returncode == (2 if verdict["refusals"] else 1 if verdict["breaches"] else 0), done.stderr
    assert saved["generator"]["arrivals"] == pytest.approx(40, abs=25)
    assert saved["seed"] == 7
    rows = saved["rows"]
    assert {name.partition(" ")[0] for name in rows} == {"/v1/recommendations", "/v1/events"}
    assert (
        sum(sum(row["histogram"]["counts"].values()) for row in rows.values())
        == saved["generator"]["arrivals"]
    )
    assert {row["failures"] for row in rows.values()} == {0}
    (samples,) = saved["workers"].values()  # of one API worker
    assert all(memory_mb > 1 and descriptors > 2 for _, memory_mb, descriptors in samples)
    assert "/v1/recommendations home" in next(tmp_path.glob("*.html")).read_text()


def test_a_load_test_needs_a_demo_shop(tmp_path: Path) -> None:
    done = loadtest("--home", str(tmp_path), "--reports", str(tmp_path))
    assert done.returncode == 2
    assert "perennial demo" in done.stdout


def test_a_borrowed_home_leaves_the_live_state_behind(home: Path) -> None:
    with borrowed_home(home) as copy:
        assert (copy / "models" / "current").exists()
        assert not (copy / "redis").exists()
    assert not copy.exists()
    assert (home / "redis").exists()


def test_a_home_without_a_demo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match="perennial demo"), borrowed_home(tmp_path):
        pass


def test_every_placement_has_its_ratios(figures: dict[str, Any]) -> None:
    for name in ("ratios", "cpu_ratios", "p99_ratio"):
        assert set(figures[name]) == {*PLACEMENTS, "events"}
        assert all(value > 0 for value in figures[name].values()), name


def test_every_figure_is_there(figures: dict[str, Any]) -> None:
    assert json.loads(json.dumps(figures)) == figures
    assert figures["events_in_batches_per_s"] > 0
    assert figures["freshness"] == {"tries": 20, "visible": 20}
    assert [set(worker) for worker in figures["memory_mb"]] == [{"private", "shared"}] * 2
    assert set(figures["stages_us"]) >= {"state", "recommend", "encode"}
    assert 0 < figures["unpinned"]["one_by_one_ms"]["p50"] <= figures["unpinned"]["one_by_one_ms"]["p99"]
    assert figures["unpinned"]["requests_per_s"] > 0
    assert figures["ready"]["seconds"] > 0
    assert 0 < figures["sessions_us"]["p50"] <= figures["sessions_us"]["p99"]
    assert figures["picks"] == "absent" or figures["picks"]["answered"] == 20
    training = figures["training"]
    assert training["time_ratio"] == pytest.approx(training["training_s"] / training["als_fit_s"], abs=0.01)
    assert training["memory_ratio"] == pytest.approx(training["peak_mb"] / training["matrix_mb"], abs=0.1)
    home = figures["costs"]["home"]
    assert home["requests_per_s"] > 0
    assert 0 < home["full_speed_ms"]["p50"] <= home["full_speed_ms"]["p99"]


def test_the_figures_can_be_read(figures: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    show(figures)
    output = capsys.readouterr().out
    assert all(word in output for word in (*PLACEMENTS, "freshness", "memory_mb"))
