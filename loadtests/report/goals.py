"""What is aimed at: the goal of each figure, and the floor below which a version is not released."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from loadtests.bench.questions import PLACEMENTS

Results = Mapping[str, Any]
MeasuredFigure = Callable[[Results, Results], float]  # of bench.json and the points of growth.json
BIG_START = "serving 100000 products, 10000 customers"
BIG = "serving 1000000 products, {} customers"


class Goal(NamedTuple):
    """higher: whether more is better."""

    what: str
    figure: MeasuredFigure
    goal: float
    floor: float
    higher: bool
    unit: str = ""

    def judged(self, bench: Results, growth: Results) -> tuple[str, str]:
        """The figure as text, and what it reaches; where it is not measured yet, so it says."""
        try:
            value = self.figure(bench, growth)
        except (KeyError, TypeError):
            return "not measured", ""
        sign = 1 if self.higher else -1
        reached = [name for name in ("goal", "floor") if sign * value >= sign * getattr(self, name)]
        text = f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"
        return f"{text}{self.unit}", reached[0] if reached else "**below the floor**"


def of_bench(*path: str) -> MeasuredFigure:
    """The figure at this path in bench.json."""
    return lambda bench, _: _at(bench, path)


def of_growth(*path: str) -> MeasuredFigure:
    """The figure at this path in growth.json."""
    return lambda _, growth: _at(growth, path)


def _at(results: Any, path: Sequence[str]) -> float:
    for name in path:
        results = results[name]
    return float(results)


def _share_fresh(bench: Results, _: Results) -> float:
    return float(100 * bench["freshness"]["visible"] / bench["freshness"]["tries"])


def _ready(bench: Results, growth: Results) -> float:
    """The bench's own where it loaded as much, else that of the curve."""
    ready = bench["ready"]
    at_size = ready["products"] >= 100_000
    return float(ready["seconds"] if at_size else growth[BIG_START]["ready_s"])


def _further_worker(_: Results, growth: Results) -> float:
    return float(max(worker["private"] for worker in growth[BIG.format(1_000_000)]["memory_mb"][1:]))


def _worst_p99(_: Results, growth: Results) -> float:
    """With a million customers, too, where the curve of products alone was not measured."""
    point = growth.get(BIG.format(10_000)) or growth[BIG.format(1_000_000)]
    return float(max(point["p99_ratio"].values()))


UP, DOWN = True, False
TEN_MILLION = ("training 20000 products, 2000000 orders", "training")
GOALS = (
    *(
        Goal(f"`{name}`: requests a second over the empty typed route", of_bench("ratios", name), 1, 0.7, UP)
        for name in PLACEMENTS
    ),
    *(
        Goal(
            f"`{name}`: p99 at 1,000 a second over the empty route's",
            of_bench("p99_ratio", name),
            1.5,
            2.5,
            DOWN,
        )
        for name in PLACEMENTS
    ),
    Goal("p99 at 1M products over 1k products, the worst placement", _worst_p99, 2, 4, DOWN),
    Goal(
        "private memory of a further worker, 1M products, 1M customers",
        _further_worker,
        150,
        300,
        DOWN,
        " MB",
    ),
    Goal("single `POST /v1/events` over an empty POST route", of_bench("ratios", "events"), 0.8, 0.5, UP),
    Goal("events in batches of 500, one core", of_bench("events_in_batches_per_s"), 20_000, 8_000, UP, "/s"),
    Goal("an acknowledged event is in the next answer, 2 workers", _share_fresh, 100, 100, UP, " %"),
    Goal(
        "`POST /v1/picks`, 10 each, streamed, one core: customers",
        of_bench("picks", "customers_per_s"),
        5_000,
        2_000,
        UP,
        "/s",
    ),
    Goal("ready after start, 100k products", _ready, 2, 5, DOWN, " s"),
    Goal(
        "whole training over implicit's ALS fit, 10M interactions: time",
        of_growth(*TEN_MILLION, "time_ratio"),
        2,
        4,
        DOWN,
    ),
    Goal("the same: memory over the matrix", of_growth(*TEN_MILLION, "memory_ratio"), 6, 10, DOWN),
    Goal("session source in process, p50", of_bench("sessions_us", "p50"), 50, 100, DOWN, " us"),
)
