"""The result of a training, for people and for programs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from training.run.gate import METRIC

PLACEMENT_NAMES = {"next_order": "next order", "cart": "hidden product of a cart"}


@dataclass(frozen=True)
class TrainingResult:
    """The version, whether it serves now, and if not, why.

    metrics: as in the bundle's manifest; warnings: what had to be left out; concerned: customers whose
    forecasts made no sense, as `perennial customers find` takes them; they stand here alone, not in the
    manifest, nor in any log.
    """

    version: str
    published: bool
    reasons: tuple[str, ...]
    orders: int
    customers: int
    products: int
    seconds: float
    metrics: dict[str, Any]
    warnings: tuple[str, ...] = ()
    concerned: tuple[str, ...] = ()

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value, for the terminal."""
        yield "Version", f"{self.version}, {'serves now' if self.published else 'NOT published'}"
        for reason in self.reasons:
            yield "Refused", reason
        for warning in self.warnings:
            yield "Warning", warning
        if self.concerned:
            yield "Customers", f"look at the orders of {', '.join(self.concerned)}"
        yield (
            "Learned from",
            f"{self.orders:,} orders, {self.customers:,} customers, {self.products:,} products",
        )
        for placement, result in self.metrics.items():
            own, other = (result[name][METRIC]["value"] for name in ("perennial", "popularity"))
            yield (
                PLACEMENT_NAMES[placement].capitalize(),
                f"{METRIC} {own:.3f}, popularity {other:.3f} ({result['cases']:,} cases of the last weeks)",
            )
        if not self.metrics:
            yield "Quality", "not measured: the history is too short to hold its last weeks back"
        yield "Took", f"{self.seconds:.0f} s"

    def as_dict(self) -> dict[str, Any]:
        """The same for a program."""
        return asdict(self)
