"""What grows while a service runs for hours: latency, memory, open files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression
from typing import Any, NamedTuple

from loadtests.goals.histogram import Histogram
from loadtests.goals.slo import Row

HOUR_S = 3_600


class Sample(NamedTuple):
    """Of one process; at_s: since the run began."""

    at_s: float
    memory_mb: float
    descriptors: int


@dataclass
class Watch:
    """Processes under observation: what they held, again and again. From /proc, so on Linux only."""

    pids: Sequence[int] = ()
    samples: dict[int, list[Sample]] = field(default_factory=dict)

    def look(self, at_s: float) -> None:
        """Take one sample of each; a process that has ended has no more."""
        for pid in self.pids:
            try:
                sample = Sample(at_s, _private_mb(pid), len(list(Path(f"/proc/{pid}/fd").iterdir())))
            except (FileNotFoundError, ProcessLookupError):
                continue
            self.samples.setdefault(pid, []).append(sample)


def growth(
    limits: Mapping[str, float], seconds: Mapping[int, Mapping[str, Row]], watch: Watch, length_s: int
) -> list[str]:
    """What grew more than promised. Runs shorter than `judged_from_s` say nothing."""
    if length_s < limits["judged_from_s"]:
        return []
    growths = list(_slower(limits, seconds, length_s))
    for pid, samples in watch.samples.items():
        growths += _grown(limits, pid, [sample for sample in samples if sample.at_s >= length_s / 4])
    return growths


def _slower(
    limits: Mapping[str, float], seconds: Mapping[int, Mapping[str, Row]], length_s: int
) -> Iterator[str]:
    """All requests of the last quarter of the run beside those of the first."""
    first, last = Histogram(), Histogram()
    for second, rows in seconds.items():
        for row in rows.values():
            if second < length_s / 4:
                first.merge(row.latency)
            elif second >= length_s * 3 / 4:
                last.merge(row.latency)
    before, after = first.quantile(0.99) * 1000, last.quantile(0.99) * 1000
    if len(first) and after > before * limits["p99_growth"]:
        yield f"p99 grew from {before:.1f} to {after:.1f} ms, promised {limits['p99_growth']:g} times at most"


def _grown(limits: Mapping[str, float], pid: int, samples: Sequence[Sample]) -> Iterator[str]:
    """From the second quarter of the run on: before, caches fill."""
    if len(samples) < 2:
        return
    at = [sample.at_s / HOUR_S for sample in samples]
    slope = linear_regression(at, [sample.memory_mb for sample in samples]).slope
    if slope > limits["memory_mb_per_hour"]:
        promised = limits["memory_mb_per_hour"]
        yield f"process {pid} grows by {slope:.1f} MB an hour, promised {promised:g} at most"
    more = samples[-1].descriptors - samples[0].descriptors
    if more > limits["descriptors"]:
        yield f"process {pid} holds {more} more open files, promised {limits['descriptors']:g} at most"


def _private_mb(pid: int) -> float:
    fields = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    private = [line.split()[1] for line in fields if line.startswith("Private_")]
    return sum(map(int, private)) / 1024


def as_dict(watch: Watch) -> dict[str, Any]:
    """Every sample, for the saved report."""
    return {str(pid): [list(sample) for sample in samples] for pid, samples in watch.samples.items()}
