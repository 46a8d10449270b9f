"""The whole bench: shops, their services, figures."""

import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from loadtests.bench import shops
from loadtests.bench.plan import BenchPlan
from loadtests.bench.processes import Cores, on_core
from loadtests.bench.questions import Scene
from loadtests.bench.serving import one_worker, ready_s, two_workers, unpinned
from loadtests.bench.wrk import GENERATOR
from loadtests.machine.conditions import conditions
from loadtests.machine.server import borrowed_home

Announce = Callable[[str], None]


def silent(_step: str) -> None:
    return None


def report_on_stderr(step: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {step}", file=sys.stderr, flush=True)


def bench(demo: Path | None, plan: BenchPlan, report: Announce = silent) -> dict[str, Any]:
    """Measure a generated shop, or the answers of a copy of a demo home. Raises NoServer."""
    began = perf_counter()
    cores = Cores.available()
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as name:
        folder = Path(name)
        report("Training a generated shop")
        shops.generate(folder / "shop", plan.trained)
        training = shops.train(folder / "shop")
        report("Enlarging it")
        big = shops.enlarge(folder / "shop", folder / "big", plan.products, plan.customers)
        large = big
        if plan.starts_with != plan.products:
            large = shops.enlarge(folder / "shop", folder / "large", plan.starts_with, plan.customers)
        with borrowed_home(demo) if demo else nullcontext(big) as home:
            scene = Scene.of(home, plan.seed)
            with on_core(cores.generator):
                report("Answers of one worker beside the empty routes")
                figures = one_worker(home, scene, plan, cores)
                report("Two workers: freshness, memory")
                figures |= two_workers(home, scene, plan, cores)
        report("A server without a core of its own, which asks every source")
        every = shops.enlarge(
            folder / "shop", folder / "every", plan.products, plan.customers, every_source=True
        )
        figures["unpinned"] = unpinned(every, plan)
        report("Start, sessions")
        figures["ready"] = {"products": plan.starts_with, "seconds": ready_s(large)}
        figures["sessions_us"] = shops.session_cost(big, plan.looks)["us"]
    size = {"products": len(scene.shop.product_ids), "customers": plan.customers}
    took = {"took_s": round(perf_counter() - began, 1), "generator": GENERATOR}
    return conditions(plan.seed) | size | took | figures | {"training": training}
