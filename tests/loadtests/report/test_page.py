"""The page of figures, from results as a bench saves them. Covers all of loadtests/report."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from loadtests.report.__main__ import write
from loadtests.report.goals import GOALS, Goal, of_bench
from loadtests.report.growth import curves, plots
from loadtests.report.svg import LogScale, plot, short

LATENCY = {"p50": 1.0, "p95": 2.0, "p99": 3.0, "p99.9": 4.0}
PLACEMENTS = ("home", "product_complements", "cart")
COST = {"requests_per_s": 5_000, "cpu_us": [150.0, 20.0], "paced_ms": LATENCY, "full_speed_ms": LATENCY}
TRAINING = {
    "interactions": 1_000_000,
    "matrix_mb": 8.0,
    "training_s": 40.0,
    "als_fit_s": 20.0,
    "time_ratio": 2.0,
    "cpu_ratio": 1.8,
    "memory_ratio": 5.5,
    "peak_mb": 44.0,
    "steps": {"ALS": 20.0},
}
BENCH: dict[str, Any] = {
    "at": "2026-11-23T12:00:00+00:00",
    "machine": {"processor": "one", "cores": 2, "system": "Linux", "load_1m": 0.1},
    "versions": {"python": "3.11"},
    "commit": "abc",
    "generator": "wrk",
    "products": 10_000,
    "costs": {f"{name}{suffix}": COST for name in (*PLACEMENTS, "events") for suffix in ("", " reference")},
    "ratios": {"home": 1.2, "product_complements": 0.8, "cart": 0.5, "events": 0.9},
    "p99_ratio": {"home": 1.2, "product_complements": 2.0, "cart": 3.0},
    "home_ratio_of_variants": {"built": 1.5, "dict": 1.4},
    "stages_us": {"state": 80.0, "recommend": 100.0},
    "events_in_batches_per_s": 21_000,
    "picks": "absent",
    "freshness": {"tries": 10_000, "visible": 9_999},
    "memory_mb": [{"private": 60.0, "shared": 40.0}] * 2,
    "unpinned": {"one_by_one_ms": LATENCY, "requests_per_s": 1_500},
    "ready": {"products": 100_000, "seconds": 1.5},
    "sessions_us": {"p50": 40.0, "p99": 60.0},
    "training": TRAINING,
}


def serving(products: int, customers: int) -> dict[str, Any]:
    return {
        "products": products,
        "customers": customers,
        "costs": dict.fromkeys(PLACEMENTS, COST),
        "p99_ratio": dict.fromkeys(PLACEMENTS, 1.5),
        "memory_mb": [{"private": 60.0, "shared": 40.0}, {"private": 140.0, "shared": 40.0}],
        "bundle_mb": 50.0,
        "ready_s": 1.0,
    }


GROWTH: dict[str, Any] = {
    f"serving {products} products, {customers} customers": serving(products, customers)
    for products, customers in ((1_000, 10_000), (1_000_000, 10_000), (1_000_000, 1_000_000))
}


def reached(what: str, growth: dict[str, Any] | None = None) -> tuple[str, str]:
    (goal,) = [each for each in GOALS if each.what.startswith(what)]
    return goal.judged(BENCH, growth or {})


@pytest.mark.parametrize(
    ("what", "figure", "verdict"),
    [
        ("`home`: requests", "1.2", "goal"),
        ("`product_complements`: requests", "0.8", "floor"),
        ("`cart`: requests", "0.5", "**below the floor**"),
        ("`home`: p99", "1.2", "goal"),
        ("`product_complements`: p99", "2", "floor"),
        ("`cart`: p99", "3", "**below the floor**"),
        ("an acknowledged event", "99.99 %", "**below the floor**"),
        ("events in batches", "21,000/s", "goal"),
        ("`POST /v1/picks`", "not measured", ""),
        ("ready after start", "1.5 s", "goal"),
    ],
)
def test_a_figure_is_held_against_goal_and_floor(what: str, figure: str, verdict: str) -> None:
    assert reached(what) == (figure, verdict)


def test_growth_has_goals_of_its_own() -> None:
    assert reached("private memory") == ("not measured", "")
    assert reached("private memory", GROWTH) == ("140 MB", "goal")
    assert reached("p99 at 1M", GROWTH) == ("1.5", "goal")


def test_a_figure_that_is_missing_is_named() -> None:
    assert Goal("x", of_bench("nowhere", "at all"), 1, 1, True).judged(BENCH, {}) == ("not measured", "")


def test_points_stand_on_their_curves() -> None:
    failed = GROWTH | {"serving 5 products, 5 customers": {"error": "no memory"}}
    lines = curves(failed)
    assert [point["products"] for point in lines["products"]] == [1_000, 1_000_000]
    assert [point["customers"] for point in lines["both"]] == [1_000_000]
    assert lines["interactions"] == []
    assert set(plots(failed)) == {"images/performance-products.svg"}


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    (results / "bench.json").write_text(json.dumps(BENCH))
    assert "bench --growth" in write(tmp_path)[0].read_text()
    trained = {"products": 20_000, "customers": 100_000, "orders": 200_000, "training": TRAINING}
    points = GROWTH | {"training": serving(20_000, 1) | trained, "broken": {"error": "over 5 s"}}
    (results / "growth.json").write_text(json.dumps({"points": points}))
    page, *images = write(tmp_path)
    text = page.read_text()
    assert "| `home` | 5,000 | 150 | 170 | 1 | 2 | 3 | 4 |" in text
    assert "| unpinned `home`, p50 and p99 one by one, ms | 1.0 and 3.0 |" in text
    assert "| unpinned `home` at full speed, a second | 1,500 |" in text
    assert "* broken: over 5 s" in text
    for image in images:
        assert str(image.relative_to(tmp_path)) in text
        ElementTree.parse(image)  # noqa: S314 - our own


def test_a_plot_names_its_lines_and_follows_the_theme() -> None:
    drawn = ElementTree.fromstring(plot("T", "x", "y", {"a < b": [(1, 1), (100, 10)], "c": [(1, 2)]}))  # noqa: S314
    words = [each.text for each in drawn.iter() if each.tag.endswith("text")]
    assert {"T", "a < b", "c", "1", "100", "10"} <= set(words)
    assert "prefers-color-scheme:dark" in "".join(each.text or "" for each in drawn)


def test_a_scale_spans_whole_powers_of_ten() -> None:
    scale = LogScale.of([20, 5_000], 0, 300)
    assert scale.ticks() == [10, 100, 1_000, 10_000]
    assert [scale.at(value) for value in (10, 100, 10_000)] == pytest.approx([0, 100, 300])
    assert LogScale.of([10, 10], 0, 1).ticks() == [10, 100]


@pytest.mark.parametrize(("value", "text"), [(0.5, "0.5"), (1_000, "1k"), (1_500_000, "1.5M"), (2e9, "2G")])
def test_large_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text
