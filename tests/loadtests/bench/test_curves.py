"""The growth curves, over shops so small that a point takes seconds."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadtests.bench.curves import FULL_GROWTH, GrowthPlan, grow
from loadtests.bench.plan import BenchPlan, ShopSize
from loadtests.bench.questions import PLACEMENTS

TINY = ShopSize(150, 400, 900, 1_200)
TURNS = BenchPlan(rounds=1, warm_up_s=0.05, window_s=0.1, paced_s=0.1, rate=20)
PLAN = GrowthPlan(TURNS, TINY, (150, 400), {"products": [(600, 400)], "both": [(700, 900)]}, ())
SERVED = "serving 600 products, 400 customers"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run over one size."""
    path = tmp_path_factory.mktemp("growth") / "results" / "growth.json"
    grow(path, lambda _: None, PLAN, only="products", kept=path.parent.parent / "shops")
    return path


def points(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text())["points"])


def test_a_point_has_latency_memory_and_loading(results: Path) -> None:
    for point in points(results).values():
        assert point["ready_s"] > 0
        assert point["bundle_mb"] > 0
        assert [set(worker) for worker in point["memory_mb"]] == [{"private", "shared"}] * 2
        assert all(point["costs"][name]["paced_ms"]["p99"] > 0 for name in PLACEMENTS)


def test_a_larger_shop_is_measured_beside_the_base(results: Path) -> None:
    assert set(points(results)[SERVED]["p99_ratio"]) == set(PLACEMENTS)


def test_one_curve_alone_is_measured(results: Path) -> None:
    assert set(points(results)) == {SERVED}


def test_what_is_measured_is_not_measured_again(results: Path) -> None:
    reported: list[str] = []
    before = results.read_bytes()
    grow(results, reported.append, PLAN, only="products")
    assert reported == []
    assert results.read_bytes() == before


def test_what_is_measured_is_measured_again_over_kept_shops_where_that_is_asked(results: Path) -> None:
    shops = results.parent.parent / "shops"
    assert {path.name for path in shops.iterdir()} == {"seed", "served-150-400", "served-600-400"}
    written = (shops / "served-600-400" / "bench.json").stat().st_mtime_ns
    reported: list[str] = []
    again = results.with_name("anew.json")
    again.write_bytes(results.read_bytes())
    grow(again, reported.append, PLAN, only="products", kept=shops, anew=True)
    assert SERVED in reported
    assert points(again)[SERVED]["conditions"]["at"] > points(results)[SERVED]["conditions"]["at"]
    assert (shops / "served-600-400" / "bench.json").stat().st_mtime_ns == written


def test_the_full_plan_reaches_the_sizes_that_the_goals_name() -> None:
    pairs = {pair for line in FULL_GROWTH.served.values() for pair in line}
    assert {(1_000, 10_000), (1_000_000, 10_000), (1_000_000, 1_000_000), (10_000, 5_000_000)} <= pairs
    interactions = {size.orders * 3 + size.views for size in FULL_GROWTH.trained}
    assert interactions == {1_000_000, 5_000_000, 10_000_000, 20_000_000}
