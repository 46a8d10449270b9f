"""The whole bench, from a home to figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Column, Table

from loadtests.bench.generator import Address
from loadtests.bench.measure import Cost, Plan, answers_of, compare, freshness, ingestion, targets_of
from loadtests.bench.processes import Cores, api_workers, children, memory_mb, on_core, reference
from loadtests.bench.questions import PLACEMENTS, Scene
from loadtests.conditions import conditions
from loadtests.server import borrowed_home, serving

FULL, QUICK = Plan(), Plan(2, warm_up_s=0.2, window_s=0.7, paced_s=0.6, rate=500, batches=30, tries=300)
OURS = (*PLACEMENTS, "events")
SIZE = ("--customers", "6000", "--products", "10000")
SMALL = ("--customers", "600", "--products", "240")


def bench(home: Path | None, plan: Plan, size: tuple[str, ...]) -> dict[str, Any]:
    """Measure a copy of a demo home; without one, a shop of `size` is built. Raises NoServer."""
    cores = Cores.available()
    with borrowed_home(home) as copy:
        if home is None:
            with serving("demo", "--home", str(copy), *size):
                pass  # built by now
        scene = Scene.of(copy, plan.seed)
        with on_core(cores.generator):
            figures = _one_worker(copy, scene, plan, cores) | _two_workers(copy, scene, plan, cores)
    return conditions(plan.seed) | {"products": len(scene.shop.product_ids)} | figures


def show(figures: Mapping[str, Any]) -> None:
    """Tables for people. Latencies in ms; paced: at a constant rate instead of full speed."""
    console = Console()
    table = Table(Column("route, ms", no_wrap=True), "a second", "CPU us", "p99", "paced p50", "p99", "p99.9")
    for name, cost in figures["costs"].items():
        full, paced = cost["full_speed_ms"], cost["paced_ms"]
        shown = (full["p99"], paced["p50"], paced["p99"], paced["p99.9"])
        cpu = f"{sum(cost['cpu_us']):.0f}"
        table.add_row(name, f"{cost['requests_per_s']:,}", cpu, *(f"{each:.3g}" for each in shown))
    console.print(table)
    names = ("ratios", "cpu_ratios", "p99_ratio")
    summary = Table("over the empty route", *names)
    for placement in figures["ratios"]:
        summary.add_row(placement, *(f"{figures[name][placement]:.2f}" for name in names))
    console.print(summary)
    rest = ("events_in_batches_per_s", "freshness", "memory_mb", "machine", "commit")
    for name in rest:
        console.print(f"{name}: {json.dumps(figures[name])}", highlight=False)


def _one_worker(home: Path, scene: Scene, plan: Plan, cores: Cores) -> dict[str, Any]:
    with _served(home, 1, cores) as (ours, supervisor):
        bodies = {name: json.loads(body) for name, body in answers_of(ours, scene, PLACEMENTS).items()}
        # The API first, then Redis and the worker: what an answer costs the whole machine.
        workers = api_workers(supervisor)
        pids = workers + [pid for pid in children(supervisor) if pid not in workers]
        with reference(cores.server, bodies) as (theirs, pid):
            costs = compare(targets_of(ours, pids, theirs, pid, scene, PLACEMENTS), plan)
        return _ratios(costs) | {
            "costs": {name: cost.as_dict() for name, cost in costs.items()},
            "events_in_batches_per_s": round(ingestion(ours, scene, plan)),
        }


def _two_workers(home: Path, scene: Scene, plan: Plan, cores: Cores) -> dict[str, Any]:
    with _served(home, 2, cores) as (ours, supervisor):
        answers_of(ours, scene, PLACEMENTS)
        seen = freshness(ours, scene, plan.tries)
        return {"freshness": seen, "memory_mb": [memory_mb(pid) for pid in api_workers(supervisor)]}


@contextmanager
def _served(home: Path, workers: int, cores: Cores) -> Iterator[tuple[Address, int]]:
    """Perennial, all of it, on the server's core: its address and its supervisor."""
    words = ("serve", "--home", str(home), "--workers", str(workers))
    with on_core(cores.server), serving(*words) as server, on_core(cores.generator):
        where = urlsplit(server.url)
        yield (where.hostname or "", where.port or 80), server.process.pid


def _ratios(costs: Mapping[str, Cost]) -> dict[str, dict[str, float]]:
    """Ours next to the reference: above 1 it is we who are faster, in `p99_ratio` slower."""

    pairs = {name: (cost, costs[f"{name} reference"]) for name, cost in costs.items() if name in OURS}

    def each(ratio: Callable[[Cost, Cost], float]) -> dict[str, float]:
        return {name: round(ratio(ours, their), 3) for name, (ours, their) in pairs.items()}

    return {
        "ratios": each(lambda ours, their: ours.full.a_second / their.full.a_second),
        "cpu_ratios": each(lambda ours, their: sum(their.cpu_us) / sum(ours.cpu_us)),
        "p99_ratio": each(lambda ours, their: ours.paced_p99 / their.paced_p99),
        "cpu_us": {name: cost.cpu_us[0] for name, cost in costs.items()},
    }
