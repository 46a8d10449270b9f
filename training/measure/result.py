"""What an evaluation found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from training.measure.metrics import Estimate, Metrics

CONDUCT = "repeats@", "explores@", "coverage@", "ms"
KINDS = "_repeat", "_explore"
CONVENTIONS = "full", "cut"


@dataclass(frozen=True)
class Evaluation:
    """metrics: ranker -> measure -> {"value", and where it was estimated "low" and "high" (95 %)}.

    The ranker "perennial" is what serves; settings: what its validation chose.
    """

    task: str
    dataset: str
    metrics: dict[str, Metrics]
    cases: int
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value, for the terminal."""
        yield "Evaluated", f"{self.task} on {self.dataset}: {self.cases:,} cases in {self.seconds:.0f} s"
        for name, value in self.settings.items():
            yield name, f"{value:.4g}" if isinstance(value, float) else str(value)

    def tables(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        """Headings and rows, a ranker a row and a measure a column: what the answers to each question are
        worth, and then what kind of answers they are."""
        measures = list(dict.fromkeys(name for found in self.metrics.values() for name in found))
        tables: dict[str, list[str]] = {}
        for name in sorted(measures, key=_tells_kind):
            tables.setdefault("kind" if _tells_kind(name) else _question(name), []).append(name)
        for columns in tables.values():
            rows = [
                [ranker, *(_shown(found[name]) if name in found else "" for name in columns)]
                for ranker, found in self.metrics.items()
                if not found.keys().isdisjoint(columns)
            ]
            yield ["", *(name.replace("@", " @").replace("_", " ") for name in columns)], rows

    def as_dict(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)


def _tells_kind(measure: str) -> bool:
    return measure.startswith(CONDUCT) or measure.endswith(KINDS)


def _question(measure: str) -> str:
    """What a measure says behind its convention: recall@5_email, ndcg@5_full_email -> email."""
    words = measure.partition("@")[2].split("_")[1:]
    return " ".join(word for word in words if word not in CONVENTIONS)


def _shown(found: Estimate) -> str:
    value = f"{found['value']:.3f}"
    return f"{value}\n({found['low']:.3f}-{found['high']:.3f})" if "low" in found else value
