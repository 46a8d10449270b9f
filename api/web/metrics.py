"""Every metric of the API. Base units, labels from closed sets, nobody's ids.

The counts of an answer stay in plain memory and are written out once a second: an increment in memory
shared by worker processes takes microseconds, and an answer makes a dozen.
"""

import os
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
import prometheus_client
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Metric, generate_latest, multiprocess
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

LATENCY_BUCKETS_S = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.02, 0.05, 0.1)
STAGE_BUCKETS_S = (0.00005, 0.0001, 0.0002, 0.0005, *LATENCY_BUCKETS_S)
Labels = tuple[str, ...]


class Counter:
    """How often something happened, by its labels."""

    def __init__(self, name: str, text: str, labels: list[str]) -> None:
        self._metric = prometheus_client.Counter(name, text, labels)
        self._waiting: Tally[Labels] = Tally()
        self._each: defaultdict[str, list[str]] = defaultdict(list)
        self._numbers: defaultdict[Labels, list[Sequence[int]]] = defaultdict(list)

    def add(self, *labels: str, n: int = 1) -> None:
        self._waiting[labels] += n

    def add_each(self, label: str, others: Sequence[str]) -> None:
        """Add one for each of `others`, as the second label beside the first."""
        self._each[label] += others

    def add_numbers(self, labels: Labels, numbers: Sequence[int]) -> None:
        """numbers: how many to add for each of the labels, each on its own."""
        self._numbers[labels].append(numbers)

    def flush(self) -> None:
        """Write out what was added. Answers wait meanwhile, so there is no loop over each single addition."""
        each, self._each = self._each, defaultdict(list)
        for label, others in each.items():
            for other, n in Tally(others).items():
                self.add(label, other, n=n)
        numbers, self._numbers = self._numbers, defaultdict(list)
        for labels, rows in numbers.items():
            for label, n in zip(labels, np.sum(rows, axis=0).tolist(), strict=True):
                self.add(label, n=n)
        waiting, self._waiting = self._waiting, Tally()
        for labels, n in waiting.items():
            self._metric.labels(*labels).inc(n)


class LatencyHistogram:
    """How long something took, by its labels.

    prometheus-client's own takes one value at a time. This one is kept in two of its counters, of many values
    at once, and becomes a histogram when it is scraped.
    """

    def __init__(self, name: str, text: str, labels: list[str], buckets: tuple[float, ...]) -> None:
        self.name, self._text, self._labels = name, text, labels
        self._bounds = np.array(buckets)
        self._names = [*map(str, buckets), "+Inf"]
        self._counts = prometheus_client.Counter(f"{name}_counts", text, [*labels, "le"])
        self._seconds = prometheus_client.Counter(f"{name}_seconds", text, labels)
        self._waiting: defaultdict[Labels, list[float]] = defaultdict(list)

    @property
    def parts(self) -> list[str]:
        """Names of its counters."""
        return [f"{self.name}_counts", f"{self.name}_seconds"]

    def observe(self, seconds: float, *labels: str) -> None:
        self._waiting[labels].append(seconds)

    def flush(self) -> None:
        """Write out what was observed."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        for labels, seconds in waiting.items():
            self._seconds.labels(*labels).inc(sum(seconds))
            for bucket, n in enumerate(np.bincount(self._bounds.searchsorted(seconds)).tolist()):
                if n:
                    self._counts.labels(*labels, self._names[bucket]).inc(n)

    def family(self, counts: Metric, seconds: Metric) -> Metric:
        """What is scraped, of its counters."""
        made = HistogramMetricFamily(self.name, self._text, labels=self._labels)
        by_bucket = _values(counts, [*self._labels, "le"])
        for labels, total in _values(seconds, self._labels).items():
            each = (by_bucket.get((*labels, name), 0.0) for name in self._names)
            made.add_metric(labels, list(zip(self._names, accumulate(each), strict=True)), total)
        return made


def _values(counter: Metric, labels: Sequence[str]) -> dict[Labels, float]:
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for sample in counter.samples
        if sample.name.endswith("_total")
    }


REQUEST_SECONDS = LatencyHistogram(
    "perennial_request_seconds", "Time to answer.", ["route", "status"], LATENCY_BUCKETS_S
)
STAGE_SECONDS = LatencyHistogram(
    "perennial_stage_seconds", "Time in one stage of a recommendation.", ["stage"], STAGE_BUCKETS_S
)
CANDIDATES = Counter("perennial_candidates_total", "Products proposed, by source.", ["source"])
PICKS = Counter("perennial_picks_total", "Products shown, by placement and source.", ["placement", "source"])
DEGRADED = Counter(
    "perennial_degraded_total", "Answers given without something, by what was missing.", ["reason"]
)
EVENT_COUNTS = Counter("perennial_events_total", "Events by type and outcome.", ["type", "outcome"])
REFUSED = Counter("perennial_refused_total", "Requests and connections refused, by reason.", ["reason"])
STREAM_LAG = Gauge(
    "perennial_stream_lag_events", "Events not yet in the history.", multiprocess_mode="mostrecent"
)
BUNDLE_AGE = Gauge(
    "perennial_bundle_created_timestamp_seconds",
    "When the serving model was trained, Unix time.",
    ["version"],
    multiprocess_mode="mostrecent",
)


HISTOGRAMS = (REQUEST_SECONDS, STAGE_SECONDS)


def flush() -> None:
    """Write out everything counted so far, for the next scrape."""
    for metric in (*HISTOGRAMS, CANDIDATES, PICKS, DEGRADED, EVENT_COUNTS, REFUSED):
        metric.flush()


class _Scraped(Collector):
    """What another registry holds, with histograms in place of the counters they are kept in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        families = {family.name: family for family in self._registry.collect()}
        for histogram in HISTOGRAMS:
            parts = [families.pop(name) for name in histogram.parts if name in families]
            if len(parts) == len(histogram.parts):
                yield histogram.family(*parts)
        yield from families.values()


def exposition() -> bytes:
    """All metrics in Prometheus' text format, of all worker processes where there are several."""
    flush()
    held, scraped = REGISTRY, CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        held = CollectorRegistry()
        multiprocess.MultiProcessCollector(held)  # type: ignore[no-untyped-call]
    scraped.register(_Scraped(held))
    return generate_latest(scraped)
