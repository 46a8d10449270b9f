"""`python -m loadtests.goals.alerts`: the promises of slo.toml as Prometheus alert rules, docs/alerts.yml."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from loadtests.goals.slo import LIMITS, load_slo

WINDOW = "5m"
FOR = "5m"


class Alert(NamedTuple):
    """One rule; `summary` is what a person on call reads."""

    name: str
    expression: str
    severity: str
    summary: str

    def yaml(self) -> str:
        quoted = json.dumps  # a JSON string is a YAML string
        return (
            f"      - alert: {self.name}\n        expr: {quoted(self.expression)}\n        for: {FOR}\n"
            f"        labels: {{severity: {self.severity}}}\n"
            f"        annotations: {{summary: {quoted(self.summary)}}}\n"
        )


def alerts(slo: Mapping[str, Any]) -> Iterator[Alert]:
    """A rule for each promise that the service's own metrics can tell.

    They know routes, not placements: what is promised of one placement is held by load tests alone.
    """
    for route, promise in slo["routes"].items():
        if " " not in route:
            yield from _route_alerts(route, promise)
    yield from _operations(slo["operations"])


def page(slo: Mapping[str, Any]) -> str:
    """The rules file."""
    head = "# Written by `make performance` from loadtests/goals/slo.toml; edit that.\ngroups:\n"
    return head + "  - name: perennial\n    rules:\n" + "".join(alert.yaml() for alert in alerts(slo))


def _route_alerts(route: str, promise: Mapping[str, float]) -> Iterator[Alert]:
    name = "".join(word.title() for word in route.split("/")[2:])
    of_route = f'{{route="{route}"}}'
    buckets = f"sum by (le) (rate(perennial_request_seconds_bucket{of_route}[{WINDOW}]))"
    for limit, share in LIMITS.items():
        seconds = promise[limit] / 1000
        quantile = limit.removesuffix("_ms")
        yield Alert(
            f"Perennial{name}{quantile.upper()}",
            f"histogram_quantile({share:g}, {buckets}) > {seconds:g}",
            "ticket" if limit == "p50_ms" else "page",
            f"{quantile} of {route} is above the promised {promise[limit]:g} ms",
        )
    failed = f'sum(rate(perennial_request_seconds_count{{route="{route}",status=~"5.."}}[{WINDOW}]))'
    every = f"sum(rate(perennial_request_seconds_count{of_route}[{WINDOW}]))"
    yield Alert(
        f"Perennial{name}Errors",
        f"{failed} / {every} > {promise['error_share']:g}",
        "page",
        f"more than the promised {promise['error_share']:.2%} of answers of {route} fail",
    )


def _operations(limits: Mapping[str, float]) -> Iterator[Alert]:
    degraded = f"sum(rate(perennial_degraded_total[{WINDOW}]))"
    answers = f'sum(rate(perennial_request_seconds_count{{route="/v1/recommendations"}}[{WINDOW}]))'
    yield Alert(
        "PerennialDegraded",
        f"{degraded} / {answers} > {limits['degraded_share']:g}",
        "page",
        f"more than {limits['degraded_share']:.2%} of answers lack the live state or the model",
    )
    yield Alert(
        "PerennialStreamLag",
        f"max(perennial_stream_lag_events) > {limits['stream_lag_events']:g}",
        "ticket",
        "events wait in Redis and do not reach the history: look at the worker",
    )
    yield Alert(
        "PerennialModelAge",
        f"time() - max(perennial_bundle_created_timestamp_seconds) > {limits['model_age_hours'] * 3600:g}",
        "ticket",
        f"the model that serves is older than {limits['model_age_hours']:g} hours: look at the worker",
    )


def main(path: Annotated[Path, typer.Option(help="Where to.")] = Path("docs/alerts.yml")) -> None:
    """Write the rules."""
    path.write_text(page(load_slo()), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
