"""The alert rules say what slo.toml says."""

import json
from pathlib import Path

import pytest

from loadtests.goals.alerts import Alert, alerts, page
from loadtests.goals.slo import load_slo

ROOT = Path(__file__).parents[3]


@pytest.fixture
def rules() -> dict[str, Alert]:
    """By name."""
    return {alert.name: alert for alert in alerts(load_slo())}


def test_the_file_in_docs_is_what_slo_toml_says() -> None:
    written = (ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8")
    assert written == page(load_slo()), "run `make performance`"


def test_every_rule_is_written_whole(rules: dict[str, Alert]) -> None:
    lines = [line.strip() for line in page(load_slo()).splitlines()]
    names = [line.removeprefix("- alert: ") for line in lines if line.startswith("- alert: ")]
    written = [json.loads(line.removeprefix("expr: ")) for line in lines if line.startswith("expr: ")]
    assert names == list(rules)
    assert written == [rule.expression for rule in rules.values()]


def test_each_promise_of_a_route_has_its_rule(rules: dict[str, Alert]) -> None:
    promise = load_slo()["routes"]["/v1/events"]
    assert rules["PerennialEventsP95"].expression == (
        "histogram_quantile(0.95, sum by (le) (rate("
        'perennial_request_seconds_bucket{route="/v1/events"}[5m]))) > '
        f"{promise['p95_ms'] / 1000:g}"
    )
    assert rules["PerennialEventsErrors"].expression.endswith(f"> {promise['error_share']:g}")
    assert {"PerennialRecommendationsP50", "PerennialRecommendationsP99"} < set(rules)


def test_only_metrics_that_exist_are_asked(rules: dict[str, Alert]) -> None:
    declared = (ROOT / "api" / "web" / "metrics.py").read_text(encoding="utf-8")
    for rule in rules.values():
        for word in (
            rule.expression.replace("(", " ").replace("{", " ").replace("[", " ").replace(")", " ").split()
        ):
            if word.startswith("perennial_"):
                assert word.removesuffix("_bucket").removesuffix("_count") in declared
