"""`loadtests.inside.training_cost HOME`: time and peak memory of each step of a training."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, process_time
from typing import NamedTuple

import typer
from rich.console import Console
from rich.table import Column, Table

from features.home import Home
from training.run.train import train
from training.settings import TrainingSettings


class StepCost(NamedTuple):
    """Wall seconds, most resident bytes and processor seconds."""

    seconds: float = 0.0
    peak: int = 0
    cpu_seconds: float = 0.0


@dataclass
class TrainingCost:
    """Follows the steps that a training reports; a step that comes again is added up."""

    steps: dict[str, StepCost] = field(default_factory=dict)
    name: str = "Start"
    since: tuple[float, float] = field(default_factory=lambda: (monotonic(), process_time()))

    def follow(self, step: str, *_far: int) -> None:
        """A `Report`: what passed since the last one belongs to the step then named."""
        now, before = (monotonic(), process_time()), self.steps.get(self.name, StepCost())
        self.steps[self.name] = StepCost(
            before.seconds + now[0] - self.since[0],
            max(before.peak, peak_bytes()),
            before.cpu_seconds + now[1] - self.since[1],
        )
        self.name, self.since = step, now
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew

    def total(self) -> StepCost:
        seconds, peaks, cpu_seconds = zip(*self.steps.values(), strict=True)
        return StepCost(sum(seconds), max(peaks), sum(cpu_seconds))


def peak_bytes() -> int:
    """Most resident memory since the peak was last reset (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main(home: Path) -> None:
    """Train, publish, and show what each step took."""
    cost = TrainingCost()
    result = train(Home(home), TrainingSettings(), datetime.now(UTC), cost.follow)
    cost.follow("End")
    table = Table("step", *(Column(name, justify="right") for name in ("seconds", "CPU s", "peak GB")))
    for name, step in {**cost.steps, "all": cost.total()}.items():
        table.add_row(name, f"{step.seconds:.1f}", f"{step.cpu_seconds:.1f}", f"{step.peak / 1e9:.2f}")
    console = Console(width=100)
    console.print(table)
    for label, figure in result.lines():
        console.print(f"{label}: {figure}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
