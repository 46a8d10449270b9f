"""The page of results: what it says, and that the one in docs/ is the one that its results make."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from training.evaluate.page.goals import SECTIONS
from training.evaluate.page.page import read_results, rendered, write_page
from training.evaluate.page.placements import placements_part
from training.evaluate.page.plot import plot

DOCS = Path(__file__).parents[4] / "docs"
SERENADE = next(section for section in SECTIONS if section.dataset == "serenade_example")


def result(mrr: float) -> dict[str, Any]:
    def found(value: float) -> dict[str, object]:
        return {
            "mrr@20": {"value": value, "low": value - 0.01, "high": value + 0.01},
            "hr@20": {"value": 0.7},
        }

    metrics = {"perennial": {**found(mrr), "coverage@20": {"value": 0.25}}, "VSTAN": found(0.3)}
    return {
        "task": "session",
        "dataset": "serenade_example",
        "metrics": metrics,
        "cases": 931,
        "seconds": 9.0,
    }


@pytest.mark.parametrize(("mrr", "verdict"), [(0.385, "0.385: met"), (0.3849, "0.385: **missed**")])
def test_a_goal_is_met_or_missed_and_the_best_other_is_named(mrr: float, verdict: str) -> None:
    page = rendered([(SERENADE, result(mrr))])
    (line,) = [line for line in page.splitlines() if "| mrr@20 |" in line and SERENADE.title in line]
    assert f"**{mrr:.4f}** ({mrr - 0.01:.3f}-{mrr + 0.01:.3f})" in line
    assert "0.3000 (VSTAN) | 0.3277" in line
    assert verdict in line


def test_each_ranker_has_a_dot_between_its_ends_and_the_goal_a_line() -> None:
    found = {"perennial": {"value": 0.3, "low": 0.2, "high": 0.4}, "a < b": {"value": 0.1}}
    picture = ElementTree.fromstring(plot("hr@10", found, goal=0.35))  # noqa: S314 - our own
    tag = "{http://www.w3.org/2000/svg}"
    at = [float(dot.get("cx", "nan")) for dot in picture.iter(f"{tag}circle")]
    (goal,) = [
        float(line.get("x1", "nan")) for line in picture.iter(f"{tag}line") if line.get("class") == "goal"
    ]
    assert at[1] < at[0] < goal
    assert "prefers-color-scheme: dark" in (picture.findtext(f"{tag}style") or "")
    assert "a < b" in [text.text for text in picture.iter(f"{tag}text")]


def test_what_was_not_measured_is_named_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / f"{SERENADE.name}.json").write_text(json.dumps(result(0.4)))
    write_page(tmp_path / "results", tmp_path / "quality.md", tmp_path)
    assert [file.name for file in tmp_path.glob("*.svg")] == [f"quality-{SERENADE.name}.svg"]
    page = (tmp_path / "quality.md").read_text("utf-8")
    assert page.count("\n## ") == 3
    assert "Not measured this time: Next basket: Ta-Feng" in page


def test_the_page_in_docs_is_made_of_the_results_beside_it() -> None:
    measured = read_results(DOCS / "results")
    placements = placements_part(DOCS / "results")
    assert (DOCS / "quality.md").read_text("utf-8") == rendered(measured, placements)
    assert all((DOCS / "images" / f"quality-{section.name}.svg").is_file() for section, _ in measured)
