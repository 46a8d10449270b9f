"""The result of an evaluation, for people and for programs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from training.measure.metrics import Measurement, Metrics

DESCRIPTIVE = "repeats@", "explores@", "coverage@", "ms"
REPEAT_OR_NEW = "_repeat", "_explore"
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
        """Headings and rows, a ranker a row and a measure a column: first tables of quality, by audience,
        then one that describes the answers."""
        measures = list(dict.fromkeys(name for metrics in self.metrics.values() for name in metrics))
        tables: dict[str, list[str]] = {}
        for name in sorted(measures, key=_describes_answers):
            tables.setdefault("kind" if _describes_answers(name) else _audience(name), []).append(name)
        for columns in tables.values():
            rows = [
                [ranker, *(_shown(metrics[name]) if name in metrics else "" for name in columns)]
                for ranker, metrics in self.metrics.items()
                if not metrics.keys().isdisjoint(columns)
            ]
            yield ["", *(name.replace("@", " @").replace("_", " ") for name in columns)], rows

    def as_dict(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)


def _describes_answers(measure: str) -> bool:
    return measure.startswith(DESCRIPTIVE) or measure.endswith(REPEAT_OR_NEW)


def _audience(measure: str) -> str:
    """The words behind a measure's convention: recall@5_email, ndcg@5_full_email -> email."""
    words = measure.partition("@")[2].split("_")[1:]
    return " ".join(word for word in words if word not in CONVENTIONS)


def _shown(estimate: Measurement) -> str:
    value = f"{estimate['value']:.3f}"
    return f"{value}\n({estimate['low']:.3f}-{estimate['high']:.3f})" if "low" in estimate else value
