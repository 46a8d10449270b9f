"""`python -m loadtests`: load on a demo shop of its own, held against slo.toml."""

from loadtests.traffic.run import LoadPlan, Outcome, run

# isort: split
import json
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from loadtests.bench.processes import api_workers
from loadtests.goals.slo import PASSED, REFUSED, Row
from loadtests.machine.conditions import conditions
from loadtests.machine.server import NoServer, borrowed_home, serving, stop_in_order

DEMO_HOME = Path(".perennial-demo")
START_WITHIN_S, BUILD_WITHIN_S = 60.0, 600.0
console = Console(width=110)


def main(
    shape: Annotated[
        Literal["steady", "spike", "ramp", "soak"],
        typer.Option(envvar="LOADTEST_SHAPE", help="How the load changes over the run."),
    ] = "steady",
    rate: Annotated[int, typer.Option(envvar="LOADTEST_RATE", min=1, help="Requests a second.")] = 100,
    seconds: Annotated[int, typer.Option(envvar="LOADTEST_SECONDS", min=2)] = 30,
    seed: Annotated[int, typer.Option(help="Another number makes other shoppers.")] = 7,
    host: Annotated[str | None, typer.Option(help="A running demo, instead of starting one.")] = None,
    home: Annotated[
        Path | None, typer.Option(help="A demo home to copy.", show_default=".perennial-demo")
    ] = None,
    reports: Annotated[Path, typer.Option(help="Where the HTML report and the histogram go.")] = Path(
        "reports"
    ),
) -> None:
    """Exit code 0: every promise kept. 1: one broken. 2: not to be judged, or no server."""
    stop_in_order()
    with ExitStack() as held:
        try:
            url, pids = (host, []) if host else _own_server(held, home)
        except NoServer as error:
            console.print(f"[red]{error}[/]", soft_wrap=True)
            raise typer.Exit(REFUSED) from error
        outcome = run(LoadPlan(url, shape, rate, seconds, seed), pids)
    _save(outcome, reports)
    _show(outcome)
    raise typer.Exit(outcome.verdict.exit_code)


def _own_server(held: ExitStack, home: Path | None) -> tuple[str, list[int]]:
    """Its URL and its API workers."""
    built = home or (DEMO_HOME if DEMO_HOME.exists() else None)
    copy = held.enter_context(borrowed_home(built))
    console.print("Starting the demo shop." if built else "Building a demo shop: some minutes.")
    within_s = START_WITHIN_S if built else BUILD_WITHIN_S
    server = held.enter_context(serving("demo", "--home", str(copy), within_s=within_s))
    return server.url, api_workers(server.process.pid)


def _save(outcome: Outcome, reports: Path) -> None:
    reports.mkdir(parents=True, exist_ok=True)
    base = reports / f"loadtest-{outcome.plan.shape}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    base.with_suffix(".html").write_text(outcome.html, encoding="utf-8")
    saved = conditions(outcome.plan.seed) | outcome.as_dict()
    base.with_suffix(".json").write_text(json.dumps(saved, indent=1), encoding="utf-8")
    console.print(f"Report: {base}.html   histogram: {base}.json")


def _show(outcome: Outcome) -> None:
    table = Table(Column("request, ms", no_wrap=True), "count", "failed", "p50", "p95", "p99", "p99.9")
    for row in outcome.rows:
        table.add_row(row.name, str(len(row.latency)), str(row.failures), *_figures(row))
    console.print(table)
    generator = outcome.generator
    console.print(
        f"{generator.arrivals:,} arrivals in {outcome.plan.seconds} s, {generator.late_share:.2%} late;"
        f" the generator used {generator.cpu_share:.0%} of a core"
    )
    if outcome.sustained is not None:
        console.print(f"The promises held up to {outcome.sustained} requests a second")
    verdict = outcome.verdict
    for line in (*verdict.breaches, *verdict.refusals):
        console.print(f"[red]{line}[/]", highlight=False, soft_wrap=True)
    words = {PASSED: "[green]passed[/]", REFUSED: "[yellow]no verdict[/]"}
    console.print(words.get(verdict.exit_code, "[red]failed[/]"))


def _figures(row: Row) -> list[str]:
    return [f"{took:.3g}" for took in row.latency.milliseconds().values()]


if __name__ == "__main__":
    typer.run(main)
