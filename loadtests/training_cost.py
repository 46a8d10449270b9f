"""`python -m loadtests.training_cost HOME`: seconds and peak memory of each step of a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import typer
from rich.console import Console
from rich.table import Column, Table

from features.home import Home
from training.settings import TrainingSettings
from training.train import train


@dataclass
class Cost:
    """Follows the steps that a training reports. steps: name -> (seconds, peak resident bytes)."""

    steps: dict[str, tuple[float, int]] = field(default_factory=dict)
    name: str = "Start"
    since: float = field(default_factory=monotonic)

    def follow(self, step: str, *_far: int) -> None:
        """A `Report`: what passed since the last one belongs to the step then named."""
        now, peak = monotonic(), peak_bytes()
        seconds, most = self.steps.get(self.name, (0.0, 0))
        self.steps[self.name] = seconds + now - self.since, max(most, peak)
        self.name, self.since = step, now
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew


def peak_bytes() -> int:
    """Most resident memory since the peak was last reset (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main(home: Path) -> None:
    """Train, publish, and show what each step took."""
    cost = Cost()
    result = train(Home(home), TrainingSettings(), datetime.now(UTC), cost.follow)
    cost.follow("End")
    table = Table("step", Column("seconds", justify="right"), Column("peak GB", justify="right"))
    for step, (seconds, peak) in cost.steps.items():
        table.add_row(step, f"{seconds:.1f}", f"{peak / 1e9:.2f}")
    peak = max(most for _, most in cost.steps.values())
    table.add_row("all", f"{result.seconds:.1f}", f"{peak / 1e9:.2f}")
    console = Console(width=100)
    console.print(table)
    for name, figure in result.lines():
        console.print(f"{name}: {figure}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
