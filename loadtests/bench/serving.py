"""What is measured of a service that runs: answers, events, freshness, memory, the time until it is ready."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from loadtests.bench.generator import Address, saturate
from loadtests.bench.measure import (
    VARIANTS,
    RequestCost,
    answers_of,
    compare,
    freshness,
    ingestion,
    targets_of,
)
from loadtests.bench.picks import picks_rate
from loadtests.bench.plan import BenchPlan
from loadtests.bench.processes import Cores, api_workers, children, memory_mb, on_core, reference, settle
from loadtests.bench.questions import PLACEMENTS, Scene
from loadtests.bench.stages import stage_totals, stage_us
from loadtests.machine.server import Server, serving

OURS = (*PLACEMENTS, "events")
READY_WITHIN_S = 90.0


def one_worker(home: Path, scene: Scene, plan: BenchPlan, cores: Cores) -> dict[str, Any]:
    """Costs beside the reference, stages, events in batches, an e-mail batch."""
    with served(home, 1, cores) as (ours, supervisor):
        bodies = {name: json.loads(body) for name, body in answers_of(ours, scene, PLACEMENTS).items()}
        # The API first, then Redis and the worker: what an answer costs the whole machine.
        workers = api_workers(supervisor)
        pids = workers + [pid for pid in children(supervisor) if pid not in workers]
        settle(pids)  # the worker is still importing what it needs, and archives the live events
        before = stage_totals(ours)
        with reference(cores.server, bodies) as (theirs, pid):
            costs = compare(targets_of(ours, pids, theirs, pid, scene, PLACEMENTS), plan)
        return ratios(costs) | {
            "stages_us": stage_us(before, stage_totals(ours)),
            "events_in_batches_per_s": round(ingestion(ours, scene, plan)),
            "picks": picks_rate(ours, scene.buyers, plan.picks),
        }


def two_workers(home: Path, scene: Scene, plan: BenchPlan, cores: Cores) -> dict[str, Any]:
    """Freshness across workers, and what each of them holds in memory afterwards."""
    with served(home, 2, cores) as (ours, supervisor):
        answers_of(ours, scene, PLACEMENTS)
        visible = freshness(ours, scene, plan.tries)
        return {"freshness": visible, "memory_mb": [memory_mb(pid) for pid in api_workers(supervisor)]}


def unpinned(home: Path, plan: BenchPlan) -> dict[str, Any]:
    """`home` as a user's server answers it, on whichever cores are free: one question after the other, and
    at full speed. Its libraries' threads, and the other processes, then get into each other's way."""
    scene, seconds = Scene.of(home, plan.seed), plan.rounds * plan.window_s
    with serving("serve", "--home", str(home), within_s=READY_WITHIN_S) as server:
        address = address_of(server)
        answers_of(address, scene, PLACEMENTS)
        settle(children(server.process.pid))
        questions = scene.questions("home")
        saturate(address, cycle(questions), plan.warm_up_s)
        one, many = (saturate(address, cycle(questions), seconds, channels) for channels in (1, 16))
    return {"one_by_one_ms": one.latency.milliseconds(), "requests_per_s": round(many.a_second)}


def ready_s(home: Path) -> float:
    """Seconds from the command to the first answer that says ready."""
    began = perf_counter()
    with serving("serve", "--home", str(home), within_s=READY_WITHIN_S):
        return round(perf_counter() - began, 2)


@contextmanager
def served(home: Path, workers: int, cores: Cores) -> Iterator[tuple[Address, int]]:
    """Perennial, all of it, on the server's core: its address and its supervisor."""
    words = ("serve", "--home", str(home), "--workers", str(workers))
    with on_core(cores.server), serving(*words, within_s=READY_WITHIN_S) as server, on_core(cores.generator):
        yield address_of(server), server.process.pid


def address_of(server: Server) -> Address:
    where = urlsplit(server.url)
    return where.hostname or "", where.port or 80


def ratios(costs: Mapping[str, RequestCost]) -> dict[str, Any]:
    """Ours next to the reference: above 1 it is we who are faster, in `p99_ratio` slower."""
    pairs = {name: (cost, costs[f"{name} reference"]) for name, cost in costs.items() if name in OURS}

    def each(ratio: Callable[[RequestCost, RequestCost], float]) -> dict[str, float]:
        return {name: round(ratio(ours, their), 3) for name, (ours, their) in pairs.items()}

    home = costs["home"].full.a_second
    return {
        "ratios": each(lambda ours, their: ours.full.a_second / their.full.a_second),
        "cpu_ratios": each(lambda ours, their: sum(their.cpu_us) / sum(ours.cpu_us)),
        "p99_ratio": each(lambda ours, their: ours.paced_quantile(0.99) / their.paced_quantile(0.99)),
        "home_ratio_of_variants": {
            variant: round(home / costs[f"home reference {variant}"].full.a_second, 3) for variant in VARIANTS
        },
        "cpu_us": {name: cost.cpu_us[0] for name, cost in costs.items()},
        "costs": {name: cost.as_dict() for name, cost in costs.items()},
    }
