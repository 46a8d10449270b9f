"""`python -m loadtests.report`: docs/performance.md and its plots from docs/results/, all anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from loadtests.report.growth import plots
from loadtests.report.page import page


def write(docs: Path) -> list[Path]:
    """All files of the report; returns their paths. FileNotFoundError before the first bench."""
    bench = _read(docs / "results" / "bench.json")
    growth_file = docs / "results" / "growth.json"
    growth = _read(growth_file)["points"] if growth_file.exists() else {}
    files = {"performance.md": page(bench, growth)} | plots(growth)
    for name, text in files.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, encoding="utf-8")
    return [docs / name for name in files]


def _read(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def main(docs: Annotated[Path, typer.Option(help="The folder with results/.")] = Path("docs")) -> None:
    """Write the report."""
    for path in write(docs):
        print(path)


if __name__ == "__main__":
    typer.run(main)
