"""Reports as JSON files of the home, replaced atomically."""

from pathlib import Path

import msgspec

from features.home import Home
from features.insights.report import Report
from features.store.files import read_whole, write_whole

INSIGHTS = (
    "kpi",
    "cohorts",
    "segments",
    "channels",
    "affinities",
    "experiments",
    "recommendations",
    "next_steps",
    "pricing",
    "offers",
    "policy",
    "model",
)


def write_report(home: Home, report: Report) -> Path:
    """Write a report over the earlier one of the same name."""
    target = home.reports / f"{report.name}.json"
    write_whole(target, msgspec.json.encode(report))
    return target


def read_report(home: Home, name: str) -> bytes | None:
    """JSON of the report `name`, one of INSIGHTS; None before the first training."""
    return read_whole(home.root / "reports" / f"{name}.json")
