"""What is counted in plain memory is scraped as prometheus-client would have counted it itself."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as Original

from api.web.metrics import LATENCY_BUCKETS_S

ROOT = Path(__file__).parents[2]
NAME, TEXT, LABELS = "perennial_request_seconds", "Time to answer.", ["route", "status"]
SECONDS = (0.0004, 0.001, 0.0011, 0.05, 0.1, 0.3)
OBSERVES = f"""
from api.web.metrics import REQUEST_SECONDS, exposition
for seconds in {SECONDS}:
    REQUEST_SECONDS.observe(seconds, "/a", "200")
REQUEST_SECONDS.observe(0.02, "/a", "404")
print(exposition({{}}).decode())
"""


def scraped(folder: Path | None = None) -> list[str]:
    """The lines of our histogram from a process of its own; folder: what several share."""
    shared = {"PERENNIAL_METRICS_FOLDER": str(folder)} if folder else {}
    command, environment = [sys.executable, "-c", OBSERVES], {**os.environ, **shared}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return histogram_lines(said.stdout)


def original(times: int) -> list[str]:
    """The same lines from prometheus-client's own histogram."""
    registry = CollectorRegistry()
    histogram = Original(NAME, TEXT, LABELS, buckets=LATENCY_BUCKETS_S, registry=registry)
    for _ in range(times):
        for seconds in SECONDS:
            histogram.labels("/a", "200").observe(seconds)
        histogram.labels("/a", "404").observe(0.02)
    return histogram_lines(generate_latest(registry).decode())


def histogram_lines(text: str) -> list[str]:
    return sorted(line for line in text.splitlines() if NAME in line and "_created" not in line)


def test_a_histogram_is_that_of_the_library() -> None:
    assert scraped() == original(times=1)


def test_worker_processes_are_added_up(tmp_path: Path) -> None:
    scraped(tmp_path)
    assert scraped(tmp_path) == original(times=2)
