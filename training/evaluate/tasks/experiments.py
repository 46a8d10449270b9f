"""Experiments in which nothing was changed, looked at every day: how often is a difference announced?"""

from collections.abc import Callable
from math import sqrt
from time import monotonic
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from recommender.arrays.dtypes import Float64s
from training.demo.offers.simulation import DemoShop
from training.errors import BadDataset
from training.experiments.effects import Effect
from training.experiments.sequential import always_valid
from training.experiments.verdict import FEWEST_BUYERS, WORTHWHILE
from training.measure.metrics import Z_95, Measurement, Metrics, with_error
from training.measure.result import Evaluation

RUNS, TESTED_DAYS, VISITORS_A_DAY, BUYER_SHARE = 1_000, 60, 400, 0.08
LIFTS = 0.0, 0.3


class Sums(NamedTuple):
    """(days, 2) float64, of all visitors until each day's end by arm."""

    visitors: Float64s
    buyers: Float64s
    total: Float64s
    squares: Float64s


def evaluate_experiments(
    home: Home, seed: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """1,000 A/A tests of 60 days on the margins of a demo shop's orders, 400 visitors a day, 8 % of whom buy.

    false_alarms: share of tests in which a difference was announced on any day. found: the same where one
    arm sells to 30 % more. Raises BadDataset where the home holds no generated shop.
    """
    began, folder = monotonic(), home.root / "demo"
    if not (folder / "events.jsonl.gz").is_file():
        raise BadDataset(f"{home.root} holds no demo shop: make one with `perennial demo --home {home.root}`")
    margins = DemoShop(folder).orders.filter(pl.col("goods") > 0)["margin"].to_numpy()
    rng = np.random.default_rng(seed)
    announced = {
        name: np.zeros((len(LIFTS), RUNS), bool) for name in LOOKS if baselines or name == "perennial"
    }
    for index, lift in enumerate(LIFTS):
        for number in range(RUNS):
            report("Experiments", index * RUNS + number, len(LIFTS) * RUNS)
            daily = effects(traffic(margins, lift, rng))
            for name, look in announced.items():
                look[index, number] = LOOKS[name](daily)
    report("Experiments", 1, 1)
    metrics: dict[str, Metrics] = {
        name: {"false_alarms": _share(effect[0]), "found": _share(effect[1])}
        for name, effect in announced.items()
    }
    return Evaluation("experiments", home.root.name, metrics, RUNS * len(LIFTS), monotonic() - began)


def traffic(margins: Float64s, lift: float, rng: np.random.Generator) -> Sums:
    """Days of visitors, by lot in one of two arms; the second sells to 1 + lift times as many."""
    n = TESTED_DAYS * VISITORS_A_DAY
    arm = rng.integers(2, size=n)
    bought = rng.random(n) < BUYER_SHARE * (1 + lift * arm)
    margin = bought * margins[rng.integers(len(margins), size=n)]
    cell = np.repeat(np.arange(TESTED_DAYS), VISITORS_A_DAY) * 2 + arm

    def running(values: Float64s | None) -> Float64s:
        return np.cumsum(
            np.bincount(cell, values, TESTED_DAYS * 2).reshape(TESTED_DAYS, 2), axis=0, dtype=np.float64
        )

    return Sums(running(None), running(bought.astype(np.float64)), running(margin), running(margin**2))


def effects(sums: Sums) -> list[Effect]:
    """One a day on which both arms have buyers enough to say anything."""
    mean = sums.total / sums.visitors
    variance = (sums.squares / sums.visitors - mean**2) / sums.visitors
    days = np.flatnonzero(sums.buyers.min(axis=1) >= FEWEST_BUYERS)
    return [Effect(mean[d, 0], mean[d, 1] - mean[d, 0], float(variance[d].sum())) for d in days]


def _any_valid(effects: list[Effect]) -> bool:
    intervals = [always_valid(effect, WORTHWHILE * abs(effect.control)) for effect in effects]
    return any(interval.low > 0 or interval.high < 0 for interval in intervals)


def _any_t_test(effects: list[Effect]) -> bool:
    return any(abs(effect.difference) > Z_95 * sqrt(effect.variance) for effect in effects)


LOOKS: dict[str, Callable[[list[Effect]], bool]] = {
    "perennial": _any_valid,
    "t-test every day": _any_t_test,
    "t-test on the last day": lambda effects: _any_t_test(effects[-1:]),
}


def _share(announced: NDArray[np.bool_]) -> Measurement:
    value = float(announced.mean())
    return with_error(value, sqrt(value * (1 - value) / len(announced)))
