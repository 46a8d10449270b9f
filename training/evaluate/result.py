"""What an evaluation found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from training.evaluate.metrics import Estimate, Metrics

CONDUCT = "repeats@", "explores@", "coverage@", "ms"
KINDS = "_repeat", "_explore"


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
        """Headings and rows, a ranker a row and a measure a column: what the answers are worth, and then what
        kind of answers they are."""
        measures = list(dict.fromkeys(name for found in self.metrics.values() for name in found))
        for kind in (False, True):
            columns = [
                name for name in measures if (name.startswith(CONDUCT) or name.endswith(KINDS)) is kind
            ]
            rows = [
                [ranker, *(_shown(found[name], bare=kind) if name in found else "" for name in columns)]
                for ranker, found in self.metrics.items()
            ]
            if columns:
                yield ["", *(name.replace("@", " @").replace("_", " ") for name in columns)], rows

    def as_dict(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)


def _tells_kind(measure: str) -> bool:
    return measure.startswith(CONDUCT) or measure.endswith(KINDS)


def _shown(found: Estimate, *, bare: bool) -> str:
    value = f"{found['value']:.3f}"
    return value if bare or "low" not in found else f"{value} ({found['low']:.3f}-{found['high']:.3f})"
