"""Reports as JSON files of the home, replaced atomically."""

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
    """Write a report over the earlier one of the same name."""
    target = home.reports / f"{report.name}.json"
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    partial.write_bytes(msgspec.json.encode(report))
    partial.replace(target)
    return target


def read_report(home: Home, name: str) -> bytes | None:
    """JSON of the report `name`, one of INSIGHTS; None before the first training."""
    try:
        return (home.root / "reports" / f"{name}.json").read_bytes()
    except FileNotFoundError:
        return None
