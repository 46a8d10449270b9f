"""Latencies, counted."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

GROWTH = 1.01
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


class Histogram:
    """Counts in buckets that grow by 1 %: no quantile is further off, and no sample is kept."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return self.counts.total()

    def add(self, seconds: float, count: int = 1) -> None:
        """Count a latency, or `count` equal ones; anything below a microsecond is one."""
        self.counts[math.ceil(math.log(max(seconds, 1e-6) * 1e6, GROWTH))] += count

    def merge(self, other: Histogram) -> None:
        """Take over the counts of another."""
        self.counts.update(other.counts)

    def quantile(self, share: float) -> float:
        """Seconds that this share of the samples did not exceed; 0 without samples."""
        rank, passed = math.ceil(share * len(self)), 0
        for bucket, count in sorted(self.counts.items()):
            passed += count
            if passed >= rank:
                return float(GROWTH**bucket) / 1e6
        return 0.0

    def milliseconds(self) -> dict[str, float]:
        """The usual quantiles."""
        return {name: round(self.quantile(share) * 1000, 3) for name, share in QUANTILES.items()}

    def as_dict(self) -> dict[str, Any]:
        """All of it. A bucket b holds what took more than growth^(b-1) microseconds and up to growth^b."""
        return {"growth": GROWTH, "unit": "us", "counts": dict(sorted(self.counts.items()))}
