"""Every metric of the API. Base units, labels from closed sets, nobody's ids."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

LATENCY_BUCKETS_S = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.02, 0.05, 0.1)

REQUEST_SECONDS = Histogram(
    "perennial_request_seconds", "Time to answer.", ["route", "status"], buckets=LATENCY_BUCKETS_S
)
STAGE_SECONDS = Histogram(
    "perennial_stage_seconds",
    "Time in one stage of a recommendation.",
    ["stage"],
    buckets=(0.00005, 0.0001, 0.0002, 0.0005, *LATENCY_BUCKETS_S),
)
CANDIDATES = Counter("perennial_candidates_total", "Products proposed, by source.", ["source"])
PICKS = Counter("perennial_picks_total", "Products shown, by placement and source.", ["placement", "source"])
DEGRADED = Counter(
    "perennial_degraded_total", "Answers given without something, by what was missing.", ["reason"]
)
EVENTS = Counter("perennial_events_total", "Events by type and outcome.", ["type", "outcome"])
STREAM_LAG = Gauge(
    "perennial_stream_lag_events", "Events not yet in the history.", multiprocess_mode="mostrecent"
)
BUNDLE_AGE = Gauge(
    "perennial_bundle_created_timestamp_seconds",
    "When the serving model was trained, Unix time.",
    ["version"],
    multiprocess_mode="mostrecent",
)


def exposition() -> bytes:
    """All metrics in Prometheus' text format, of all worker processes where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
