"""Whether what was measured keeps the promises of slo.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtests.goals.histogram import Histogram

SLO_FILE = Path(__file__).with_name("slo.toml")
LIMITS = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
PASSED, FAILED, REFUSED = 0, 1, 2


@dataclass
class Row:
    """What was measured of one kind of request. `name` is its route, and what tells it apart there."""

    name: str
    failures: int = 0
    latency: Histogram = field(default_factory=Histogram)

    @property
    def error_share(self) -> float:
        return self.failures / max(len(self.latency), 1)

    def merge(self, other: Row) -> None:
        """Take over what was measured of the same kind at another time."""
        self.failures += other.failures
        self.latency.merge(other.latency)


@dataclass
class Generator:
    """How the generator itself fared."""

    arrivals: int = 0
    late: int = 0
    cpu_share: float = 0.0

    @property
    def late_share(self) -> float:
        return self.late / max(self.arrivals, 1)


@dataclass(frozen=True)
class SloVerdict:
    """Broken promises, and reasons not to judge at all."""

    breaches: list[str]
    refusals: list[str]

    @property
    def exit_code(self) -> int:
        return REFUSED if self.refusals else FAILED if self.breaches else PASSED


def load_slo(path: Path = SLO_FILE) -> dict[str, Any]:
    """The promises: `routes` by name, and the limits of the `generator`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def judge(slo: Mapping[str, Any], rows: Iterable[Row], generator: Generator) -> SloVerdict:
    """Hold every row to its promise. Nothing measured is no proof: it refuses."""
    rows = list(rows)
    breaches = breaches_of(slo, rows)
    limits = slo["generator"]
    refusals = [] if rows else ["nothing was measured"]
    if generator.late_share > limits["late_share"]:
        refusals.append(
            f"{generator.late_share:.1%} of arrivals started more than {limits['late_ms']} ms late"
            f" (at most {limits['late_share']:.0%}): the machine is too busy to measure on"
        )
    if generator.cpu_share > limits["cpu_share"]:
        refusals.append(
            f"the generator used {generator.cpu_share:.0%} of its core"
            f" (at most {limits['cpu_share']:.0%}): lower --rate"
        )
    return SloVerdict(breaches, refusals)


def breaches_of(slo: Mapping[str, Any], rows: Iterable[Row], samples_beyond: int = 0) -> list[str]:
    """Every broken promise. A quantile with fewer samples beyond it says nothing."""
    return [
        breach for row in rows for breach in _breaches(row, _promise(slo["routes"], row.name), samples_beyond)
    ]


def _promise(routes: Mapping[str, Any], name: str) -> Mapping[str, float]:
    promise: Mapping[str, float] | None = routes.get(name) or routes.get(name.partition(" ")[0])
    if promise is None:
        raise KeyError(f"slo.toml promises nothing for {name!r}; add it there")
    return promise


def _breaches(row: Row, promise: Mapping[str, float], samples_beyond: int) -> list[str]:
    breaches = [
        f"{row.name}: {limit.removesuffix('_ms')} {took:.1f} ms, promised {promise[limit]:g} ms"
        for limit, share in LIMITS.items()
        if (took := row.latency.quantile(share) * 1000) > promise[limit]
        and len(row.latency) * (1 - share) >= samples_beyond - 1e-9
    ]
    if row.error_share > promise["error_share"]:
        breaches.append(
            f"{row.name}: {row.error_share:.2%} of answers failed, promised {promise['error_share']:.2%}"
        )
    return breaches
