"""Every metric of the API. Base units, labels from closed sets, nobody's ids.

Counts stay in plain memory, and once a second a process writes its own to a file, from which any other
answers `/metrics` for all (`shared_metrics`): an increment in memory shared by processes takes microseconds,
and where the disk is full it kills the process.
"""

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from time import time

import numpy as np
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from api.web.shared_metrics import Counts, Series, add_up, joined, labels_of, newest_of, shared
from features.store.parts import PartState

LATENCY_BUCKETS_S = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.02, 0.05, 0.1)
STAGE_BUCKETS_S = (0.00005, 0.0001, 0.0002, 0.0005, *LATENCY_BUCKETS_S)
Labels = tuple[str, ...]


class Counter:
    """How often something happened, by its labels."""

    def __init__(self, name: str, text: str, labels: list[str]) -> None:
        self.name, self._text, self._labels = name, text, labels
        self._waiting: Tally[Labels] = Tally()
        self._each: defaultdict[str, list[str]] = defaultdict(list)
        self._numbers: defaultdict[Labels, list[Sequence[int]]] = defaultdict(list)
        self.series: Series = {}

    def add(self, *labels: str, n: int = 1) -> None:
        self._waiting[labels] += n

    def add_each(self, label: str, others: Sequence[str]) -> None:
        """Add one for each of `others`, as the second label beside the first."""
        self._each[label] += others

    def add_numbers(self, labels: Labels, numbers: Sequence[int]) -> None:
        """numbers: how many to add for each of the labels, each on its own."""
        self._numbers[labels].append(numbers)

    def flush(self) -> None:
        """Add up what was added. Answers wait meanwhile, so there is no loop over each single addition."""
        each, self._each = self._each, defaultdict(list)
        for label, others in each.items():
            for other, n in Tally(others).items():
                self.add(label, other, n=n)
        numbers, self._numbers = self._numbers, defaultdict(list)
        for labels, rows in numbers.items():
            for label, n in zip(labels, np.sum(rows, axis=0).tolist(), strict=True):
                self.add(label, n=n)
        waiting, self._waiting = self._waiting, Tally()
        add_up(self.series, {joined(labels): [n] for labels, n in waiting.items()})

    def family(self, series: Series) -> Metric:
        """What is scraped, of the sums of all processes."""
        made = CounterMetricFamily(self.name.removesuffix("_total"), self._text, labels=self._labels)
        for labels, (n,) in series.items():
            made.add_metric(labels_of(labels), n)
        return made


class LatencyHistogram:
    """How long something took, by its labels. A series: how many in each bucket, and seconds in all."""

    def __init__(self, name: str, text: str, labels: list[str], buckets: tuple[float, ...]) -> None:
        self.name, self._text, self._labels = name, text, labels
        self._bounds = np.array(buckets)
        self._names = [*map(str, buckets), "+Inf"]
        self._waiting: defaultdict[Labels, list[float]] = defaultdict(list)
        self.series: Series = {}

    def observe(self, seconds: float, *labels: str) -> None:
        self._waiting[labels].append(seconds)

    def flush(self) -> None:
        """Add up what was observed."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        for labels, seconds in waiting.items():
            buckets = np.bincount(self._bounds.searchsorted(seconds), minlength=len(self._names))
            add_up(self.series, {joined(labels): [*buckets.tolist(), sum(seconds)]})

    def quantile(self, series: Series, labels: Labels, share: float) -> float | None:
        """Within how many seconds a share of those with these labels ended; None of none. Even between the
        bounds of a bucket; beyond the last bound, that is the answer."""
        buckets = np.array(series.get(joined(labels), [0.0])[:-1])
        if not buckets.sum():
            return None
        upto = np.concatenate([[0.0], buckets.cumsum() / buckets.sum()])
        return float(np.interp(share, upto, [0.0, *self._bounds, self._bounds[-1]]))

    def family(self, series: Series) -> Metric:
        """What is scraped, of the sums of all processes."""
        made = HistogramMetricFamily(self.name, self._text, labels=self._labels)
        for labels, (*buckets, seconds) in series.items():
            upto = list(zip(self._names, accumulate(map(float, buckets)), strict=True))
            made.add_metric(labels_of(labels), upto, seconds)
        return made


class Gauge:
    """What holds now: the value that any process set last, under its labels."""

    def __init__(self, name: str, text: str, labels: list[str]) -> None:
        self.name, self._text, self._labels = name, text, labels
        self.series: Series = {}

    def set(self, value: float, *labels: str) -> None:
        self.series = {joined(labels, gauge=True): [time(), value]}

    def flush(self) -> None:
        """Nothing waits."""

    def family(self, series: Series) -> Metric:
        """What is scraped, of what all processes set."""
        made = GaugeMetricFamily(self.name, self._text, labels=self._labels)
        for labels, (_, value) in newest_of(series).items():
            made.add_metric(labels_of(labels), value)
        return made


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
PRODUCT_NAMES = Counter(
    "perennial_event_products_total",
    "Products that events name, by how they were recognised.",
    ["match"],
)
REFUSED = Counter("perennial_refused_total", "Requests and connections refused, by reason.", ["reason"])
WEBHOOKS = Counter(
    "perennial_webhooks_total",
    "Deliveries of connected services, by what became of them.",
    ["service", "outcome"],
)
STREAM_LAG = Gauge("perennial_stream_lag_events", "Events not yet in the history.", [])
BUNDLE_AGE = Gauge(
    "perennial_bundle_created_timestamp_seconds",
    "When the serving model was trained, Unix time.",
    ["version"],
)
WATCHER_FAILURES = Counter(
    "perennial_watcher_failures_total", "Rounds of a watcher of API processes that failed.", ["watcher"]
)

METRICS = (
    REQUEST_SECONDS,
    STAGE_SECONDS,
    CANDIDATES,
    PICKS,
    DEGRADED,
    EVENT_COUNTS,
    PRODUCT_NAMES,
    REFUSED,
    WEBHOOKS,
    STREAM_LAG,
    BUNDLE_AGE,
    WATCHER_FAILURES,
)


def flush() -> None:
    """Write out everything counted so far, for the next scrape."""
    for metric in METRICS:
        metric.flush()
    shared().write(_own())


def counted(counter: Counter) -> dict[Labels, int]:
    """How often, in all API processes since the service started, by labels."""
    flush()
    series = shared().with_others(_own())[counter.name]
    return {tuple(labels_of(labels)): int(n) for labels, (n,) in series.items()}


def exposition(
    parts: Mapping[str, PartState], messages: Mapping[tuple[str, str], int] | None = None
) -> bytes:
    """All metrics in Prometheus' text format, of all API processes, and how each part of the service is.

    messages: (connected service, kind) -> how many.
    """
    flush()
    scraped = CollectorRegistry()
    scraped.register(_Scraped(parts, messages or {}))
    return generate_latest(scraped)


def request_seconds(route: str, share: float) -> float | None:
    """Within how many seconds a share of a route's good answers came, since the service began."""
    series = shared().with_others(_own())[REQUEST_SECONDS.name]
    return REQUEST_SECONDS.quantile(series, (route, "200"), share)


def _own() -> Counts:
    return {metric.name: metric.series for metric in METRICS}


class _Scraped(Collector):
    """All processes' counts as metrics; of a process that serves alone, its memory and time, too."""

    def __init__(self, parts: Mapping[str, PartState], messages: Mapping[tuple[str, str], int]) -> None:
        self._parts, self._messages = parts, messages

    def collect(self) -> Iterator[Metric]:
        counts = shared().with_others(_own())
        for metric in METRICS:
            yield metric.family(counts[metric.name])
        yield from self._of_parts()
        yield self._of_connections()
        if not shared().is_shared:
            yield from REGISTRY.collect()

    def _of_parts(self) -> Iterator[Metric]:
        failures = CounterMetricFamily("perennial_part_failures", "Failures of a part.", labels=["part"])
        failing = GaugeMetricFamily("perennial_part_failing", "1 while a part fails.", labels=["part"])
        for name, state in self._parts.items():
            failures.add_metric([name], state.failures)
            failing.add_metric([name], float(state.failing > 0))
        yield failures
        yield failing

    def _of_connections(self) -> Metric:
        text = "Messages from and to connected services, and what was not sent."
        passed = CounterMetricFamily("perennial_connection_messages", text, labels=["service", "kind"])
        for labels, count in self._messages.items():
            passed.add_metric(labels, count)
        return passed
