"""`python -m loadtests.report`: docs/performance.md and its plots from docs/results/, all anew."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from loadtests.report.goals import GOALS
from loadtests.report.growth import plots
from loadtests.report.page import page


def results(docs: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The bench, and the points of growth. FileNotFoundError before the first bench."""
    growth = docs / "results" / "growth.json"
    return _read(docs / "results" / "bench.json"), _read(growth)["points"] if growth.exists() else {}


def write(docs: Path) -> list[Path]:
    """All files of the report; returns their paths. FileNotFoundError before the first bench."""
    bench, growth = results(docs)
    files = {"performance.md": page(bench, growth)} | plots(growth)
    for name, text in files.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, encoding="utf-8")
    return [docs / name for name in files]


def _read(path: Path) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return figures


def main(docs: Annotated[Path, typer.Option(help="The folder with results/.")] = Path("docs")) -> None:
    """Write the report, and tell which goals are reached."""
    paths, (bench, growth) = write(docs), results(docs)
    table = Table(Column("what", overflow="fold"), "measured", "reaches", "goal", "floor")
    for each in GOALS:
        value, reached = each.judged(bench, growth)
        table.add_row(each.what, value, reached.strip("*"), f"{each.goal:g}", f"{each.floor:g}")
    Console(width=110).print(table)
    for path in paths:
        print(path)


if __name__ == "__main__":
    typer.run(main)
