"""`perennial bench --growth`: how latency, memory, loading and training grow with the shop.

Every point is written as soon as it is measured, and one that is there is not measured again: the run
may be stopped at any time. Latencies are taken beside a shop of 1,000 products, in turns.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from loadtests.bench import shops
from loadtests.bench.generator import WrongAnswer
from loadtests.bench.measure import Cost, Target, answers_of, asking, compare
from loadtests.bench.plan import Plan, ShopSize
from loadtests.bench.processes import Cores, api_workers, memory_mb, on_core
from loadtests.bench.questions import PLACEMENTS, Scene
from loadtests.bench.serving import ready_s, served
from loadtests.conditions import conditions
from loadtests.server import NoServer

RESULTS = Path("docs/results/growth.json")
TRAINING_LIMIT_S = 5_400.0
TURNS = Plan(rounds=3, window_s=1.0, paced_s=3.0, rate=100)
SEED_SHOP = ShopSize(1_000, 10_000, 60_000, 120_000)
BASE = (1_000, 10_000)
SERVED = {
    "products": [(products, 10_000) for products in (1_000, 10_000, 100_000, 1_000_000)],
    "customers": [(10_000, customers) for customers in (10_000, 100_000, 1_000_000, 5_000_000)],
    "both": [(1_000_000, 1_000_000)],
}
MILLION = 1_000_000

Points = dict[str, dict[str, Any]]
Report = Callable[[str], None]


def shop_of(interactions: int, products: int = 20_000) -> ShopSize:
    """A shop with as many order lines and views together."""
    return ShopSize(products, interactions // 10, interactions // 5, interactions * 2 // 5)


TRAINED = [
    *(shop_of(MILLION, products) for products in (1_000, 10_000, 100_000)),
    *(shop_of(millions * MILLION) for millions in (1, 5, 10, 20)),
    shop_of(MILLION, MILLION),
]


def grow(results: Path, report: Report) -> None:
    """Measure every point that is missing. Raises NoServer where not even the smallest shop serves."""
    points: Points = json.loads(results.read_text(encoding="utf-8"))["points"] if results.exists() else {}
    with tempfile.TemporaryDirectory(prefix="perennial-growth-") as temporary:
        folder = Path(temporary)
        wanted = list(dict.fromkeys(pair for pairs in SERVED.values() for pair in pairs))
        base = _base(folder) if any(_name(*pair) not in points for pair in wanted) else folder
        for pair in wanted:
            _point(points, results, _name(*pair), report, partial(serve_point, folder, base, *pair))
        for size in TRAINED:
            name = f"training {size.products} products, {size.orders} orders"
            _point(points, results, name, report, partial(train_point, folder, size))


def _base(folder: Path) -> Path:
    """A small shop that is really trained, and serves."""
    shops.generate(folder / "shop", SEED_SHOP)
    shops.train(folder / "shop")
    return shops.enlarge(folder / "shop", folder / "base", *BASE)


def _name(products: int, customers: int) -> str:
    return f"serving {products} products, {customers} customers"


def _point(
    points: Points, results: Path, name: str, report: Report, measure: Callable[[], dict[str, Any]]
) -> None:
    if "error" not in points.get(name, {"error": "missing"}):
        return
    report(name)
    try:
        points[name] = measure() | {"conditions": conditions(TURNS.seed)}
    except (NoServer, WrongAnswer, subprocess.TimeoutExpired) as error:
        points[name] = {"error": str(error)[:500]}
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps({"points": points}, indent=1), encoding="utf-8")


def serve_point(
    folder: Path, base: Path, products: int, customers: int, turns: Plan = TURNS
) -> dict[str, Any]:
    """An enlarged shop of this size, beside the base."""
    home = folder / "served"
    try:
        shops.enlarge(folder / "shop", home, products, customers)
        return {"products": products, "customers": customers} | _serve(home, base, turns)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def train_point(folder: Path, size: ShopSize, limit_s: float = TRAINING_LIMIT_S) -> dict[str, Any]:
    """A shop that is really trained; the time and memory of that, and of serving its bundle."""
    shop, home = folder / "trained", folder / "served"
    try:
        shops.generate(shop, size)
        training = shops.train(shop, limit_s)
        shops.enlarge(shop, home, 1, 1)
        return asdict(size) | {"training": training} | _serve(home, home, TURNS)
    finally:
        for each in (shop, home):
            shutil.rmtree(each, ignore_errors=True)


def _serve(home: Path, base: Path, turns: Plan) -> dict[str, Any]:
    """Latencies, memory of two workers, seconds until ready, megabytes of the bundle."""
    cores, size = Cores.available(), sum(path.stat().st_size for path in home.glob("models/*/*"))
    with on_core(cores.generator):
        costs = _in_turns(home, base, turns, cores)
        with served(home, 2, cores) as (address, supervisor):
            answers_of(address, Scene.of(home, turns.seed), PLACEMENTS)
            memory = [memory_mb(pid) for pid in api_workers(supervisor)]
    return {
        "bundle_mb": round(size / 1e6, 1),
        "ready_s": ready_s(home),
        "memory_mb": memory,
        "costs": {name: cost.as_dict() for name, cost in costs.items()},
        "p50_ratio": _ratios(costs, 0.5),
        "p99_ratio": _ratios(costs, 0.99),
    }


def _in_turns(home: Path, base: Path, turns: Plan, cores: Cores) -> dict[str, Cost]:
    """Costs of each placement, and of the base shop's: `home`, `home base` ..."""
    targets: dict[str, Target] = {}
    with served(home, 1, cores) as ours:
        _add(targets, "", home, *ours, turns)
        if base == home:
            return compare(targets, turns)
        with served(base, 1, cores) as theirs:
            _add(targets, " base", base, *theirs, turns)
            return compare(targets, turns)


def _add(
    targets: dict[str, Target],
    suffix: str,
    home: Path,
    address: tuple[str, int],
    supervisor: int,
    turns: Plan,
) -> None:
    scene, pids = Scene.of(home, turns.seed), api_workers(supervisor)
    answers_of(address, scene, PLACEMENTS)
    for name in PLACEMENTS:
        targets[f"{name}{suffix}"] = asking(address, pids, scene.questions(name))


def _ratios(costs: Mapping[str, Cost], share: float) -> dict[str, float]:
    """Over the base, where there is one."""
    pairs = {name: (costs[name], costs[f"{name} base"]) for name in PLACEMENTS if f"{name} base" in costs}
    return {
        name: round(ours.paced.latency.quantile(share) / theirs.paced.latency.quantile(share), 2)
        for name, (ours, theirs) in pairs.items()
    }
