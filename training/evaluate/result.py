"""What an evaluation found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from training.evaluate.metrics import Estimate, Metrics


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

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows: a ranker a row, a measure a column."""
        measures = list(dict.fromkeys(name for found in self.metrics.values() for name in found))
        rows = [
            [ranker, *(_shown(found[name]) if name in found else "" for name in measures)]
            for ranker, found in self.metrics.items()
        ]
        return ["", *measures], rows

    def as_dict(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)


def _shown(found: Estimate) -> str:
    value = f"{found['value']:.4f}"
    return f"{value} ({found['low']:.3f}-{found['high']:.3f})" if "low" in found else value
