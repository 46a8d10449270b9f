"""`perennial bench --growth`: how latency, memory, loading and training grow with the shop.

Every point is written as soon as it is measured, and one that is there is not measured again: the run
may be stopped at any time. Latencies are taken beside a shop of 1,000 products, in turns.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from loadtests.bench import shops
from loadtests.bench.generator import WrongAnswer
from loadtests.bench.measure import RequestCost, Target, answers_of, asking, compare
from loadtests.bench.plan import BenchPlan, ShopSize
from loadtests.bench.processes import Cores, api_workers, memory_mb, on_core
from loadtests.bench.questions import PLACEMENTS, Scene
from loadtests.bench.serving import ready_s, served
from loadtests.machine.conditions import conditions
from loadtests.machine.server import NoServer

RESULTS = Path("docs/results/growth.json")
TRAINING_LIMIT_S = 5_400.0
MILLION = 1_000_000

Points = dict[str, dict[str, Any]]
Announce = Callable[[str], None]


def shop_of(interactions: int, products: int = 20_000) -> ShopSize:
    """A shop with as many order lines and views together."""
    return ShopSize(products, interactions // 10, interactions // 5, interactions * 2 // 5)


@dataclass(frozen=True)
class GrowthPlan:
    """Which points there are: products and customers served, and shops trained in full.

    seed_shop: what is enlarged to the former; base: what their latencies are compared with.
    """

    turns: BenchPlan
    seed_shop: ShopSize
    base: tuple[int, int]
    served: Mapping[str, Sequence[tuple[int, int]]]  # by curve
    trained: Sequence[ShopSize]


FULL_GROWTH = GrowthPlan(
    turns=BenchPlan(rounds=5, window_s=1.0, paced_s=2.0, rate=300),
    seed_shop=ShopSize(1_000, 10_000, 60_000, 120_000),
    base=(1_000, 10_000),
    served={
        "products": [(products, 10_000) for products in (1_000, 10_000, 100_000, MILLION)],
        "customers": [(10_000, customers) for customers in (100_000, MILLION, 5 * MILLION)],
        "both": [(MILLION, MILLION)],
    },
    trained=(
        *(shop_of(MILLION, products) for products in (1_000, 10_000, 100_000)),
        *(shop_of(millions * MILLION) for millions in (1, 5, 10, 20)),
        shop_of(MILLION, MILLION),
    ),
)

GROWTH_OF_GOALS = replace(  # what a goal is set for, a quarter of an hour
    FULL_GROWTH,
    served={"products": [(MILLION, 10_000)], "both": [(MILLION, MILLION)]},
    trained=(shop_of(10 * MILLION),),
)


def grow(
    results: Path,
    report: Announce,
    plan: GrowthPlan = FULL_GROWTH,
    only: str = "",
    kept: Path | None = None,
    *,
    anew: bool = False,
) -> None:
    """Measure every point that is missing. Raises NoServer where not even the smallest shop serves.

    only: points of this curve alone ("": of all); kept: folder to keep shops in and take them from; anew:
    measure again what has been measured.
    """
    points: Points = json.loads(results.read_text(encoding="utf-8"))["points"] if results.exists() else {}
    pairs = [pair for curve, line in plan.served.items() for pair in line if only in (curve, "")]
    served = {f"serving {pair[0]} products, {pair[1]} customers": pair for pair in pairs}
    sizes = plan.trained if only in ("interactions", "") else ()
    trained = {f"training {size.products} products, {size.orders} orders": size for size in sizes}
    if anew:
        points = {name: point for name, point in points.items() if name not in {*served, *trained}}
    with tempfile.TemporaryDirectory(prefix="perennial-growth-") as temporary:
        folders = ShopFolders(kept or Path(temporary), plan.base, is_kept=kept is not None)
        if any(_is_missing(points, name) for name in served):
            report("a small shop, trained")
            _base(folders, plan)
        for name, pair in served.items():
            _point(points, results, name, report, partial(serve_point, folders, pair, plan.turns))
        for name, size in trained.items():
            _point(points, results, name, report, partial(train_point, folders, size, plan.turns))


@dataclass(frozen=True)
class ShopFolders:
    """Where shops are made, and whether they are kept."""

    folder: Path
    base: tuple[int, int]
    is_kept: bool

    @property
    def seed(self) -> Path:
        return self.folder / "seed"

    def served(self, size: tuple[int, int]) -> Path:
        return self.folder / f"served-{size[0]}-{size[1]}"

    def trained(self, size: ShopSize) -> Path:
        return self.folder / f"trained-{size.products}-{size.customers}-{size.orders}-{size.views}"

    def done_with(self, home: Path) -> None:
        """Remove it, unless shops are kept; the base stays for the next point."""
        if not self.is_kept and home != self.served(self.base):
            shutil.rmtree(home, ignore_errors=True)


def _base(folders: ShopFolders, plan: GrowthPlan) -> None:
    """A small shop that is really trained, and serves."""
    shops.generate(folders.seed, plan.seed_shop)
    shops.train(folders.seed, keep=True)
    shops.enlarge(folders.seed, folders.served(plan.base), *plan.base)


def _is_missing(points: Points, name: str) -> bool:
    """A point that failed is tried again."""
    return "error" in points.get(name, {"error": "missing"})


def _point(
    points: Points, results: Path, name: str, report: Announce, measure: Callable[[], dict[str, Any]]
) -> None:
    if not _is_missing(points, name):
        return
    report(name)
    try:
        points[name] = measure() | {"conditions": conditions(seed=7)}
    except (NoServer, WrongAnswer, subprocess.TimeoutExpired) as error:
        points[name] = {"error": str(error)[-500:]}
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps({"points": points}, indent=1), encoding="utf-8")


def serve_point(folders: ShopFolders, size: tuple[int, int], turns: BenchPlan) -> dict[str, Any]:
    """An enlarged shop of so many products and customers, beside the base."""
    home = folders.served(size)
    try:
        shops.enlarge(folders.seed, home, *size)
        return {"products": size[0], "customers": size[1]} | _serve(home, folders.served(folders.base), turns)
    finally:
        folders.done_with(home)


def train_point(folders: ShopFolders, size: ShopSize, turns: BenchPlan) -> dict[str, Any]:
    """A shop that is really trained; the time and memory of that, and of serving its bundle."""
    shop = folders.trained(size)
    home = shop.with_name(f"{shop.name}-served")
    try:
        shops.generate(shop, size)
        training = shops.train(shop, TRAINING_LIMIT_S)
        shops.enlarge(shop, home, 1, 1)
        return asdict(size) | {"training": training} | _serve(home, home, turns)
    finally:
        shutil.rmtree(home, ignore_errors=True)
        folders.done_with(shop)


def _serve(home: Path, base: Path, turns: BenchPlan) -> dict[str, Any]:
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


def _in_turns(home: Path, base: Path, turns: BenchPlan, cores: Cores) -> dict[str, RequestCost]:
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
    turns: BenchPlan,
) -> None:
    scene, pids = Scene.of(home, turns.seed), api_workers(supervisor)
    answers_of(address, scene, PLACEMENTS)
    for name in PLACEMENTS:
        targets[f"{name}{suffix}"] = asking(address, pids, scene.questions(name))


def _ratios(costs: Mapping[str, RequestCost], share: float) -> dict[str, float]:
    """Over the base, where there is one."""
    pairs = {name: (costs[name], costs[f"{name} base"]) for name in PLACEMENTS if f"{name} base" in costs}
    return {
        name: round(ours.paced_quantile(share) / theirs.paced_quantile(share), 2)
        for name, (ours, theirs) in pairs.items()
    }
