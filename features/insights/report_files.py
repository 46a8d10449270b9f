"""Reports as files of the home: written whole or not at all, read as they are."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from features.home import Home
from features.insights.report import Report

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
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    partial.write_bytes(msgspec.json.encode(report))
    partial.replace(target)
    return target


def read_report(home: Home, name: str) -> bytes | None:
    """JSON of a report, None before the first training. name: one of INSIGHTS."""
    try:
        return (home.root / "reports" / f"{name}.json").read_bytes()
    except FileNotFoundError:
        return None
