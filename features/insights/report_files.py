"""Reports as files of the home: written whole or not at all, read as they are."""

from __future__ import annotations

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
    "pricing",
    "offers",
    "policy",
    "model",
)


def write_report(home: Home, report: Report) -> Path:
    """Replace the report of that name."""
    target = home.reports / f"{report.name}.json"
    write_whole(target, msgspec.json.encode(report))
    return target


def read_report(home: Home, name: str) -> bytes | None:
    """JSON of a report, None before the first training. name: one of INSIGHTS."""
    return read_whole(home.root / "reports" / f"{name}.json")
