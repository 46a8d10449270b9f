"""The bench's figures as tables for people."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Column, Table

REST = (
    "stages_us",
    "events_in_batches_per_s",
    "picks",
    "freshness",
    "memory_mb",
    "unpinned",
    "ready",
    "sessions_us",
    "home_ratio_of_variants",
    "machine",
    "commit",
    "generator",
    "took_s",
)


def show(figures: Mapping[str, Any]) -> None:
    """Latencies in ms; paced: at a constant rate instead of full speed."""
    console = Console(width=100)
    table = Table(Column("route, ms", no_wrap=True), "a second", "CPU us", "p99", "paced p50", "p99", "p99.9")
    for name, cost in figures["costs"].items():
        full, paced = cost["full_speed_ms"], cost["paced_ms"]
        shown = (full["p99"], paced["p50"], paced["p99"], paced["p99.9"])
        cpu = f"{sum(cost['cpu_us']):.0f}"
        table.add_row(name, f"{cost['requests_per_s']:,}", cpu, *(f"{each:.3g}" for each in shown))
    console.print(table)
    names = ("ratios", "cpu_ratios", "p99_ratio")
    summary = Table("over the empty route", *names)
    for placement in figures["ratios"]:
        summary.add_row(placement, *(f"{figures[name][placement]:.2f}" for name in names))
    console.print(summary)
    for name in REST:
        console.print(f"{name}: {json.dumps(figures[name])}", highlight=False)
    training = figures["training"]
    console.print(
        f"training: {training['interactions']:,} interactions in {training['training_s']:.1f} s, "
        f"{training['time_ratio']} times implicit's ALS fit (processor time: {training['cpu_ratio']}); "
        f"peak {training['peak_mb']:,.0f} MB, {training['memory_ratio']} times the matrix",
        highlight=False,
    )
