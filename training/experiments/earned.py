"""What Perennial earned, estimated by comparison with the holdout."""

from datetime import datetime
from math import sqrt
from typing import NamedTuple

import polars as pl

from features.insights.text import shown
from recommender.experiments.assignment import HELD_OUT_ARM
from training.experiments.effects import Visitors, effect
from training.experiments.exposures import PERENNIAL
from training.measure.metrics import Z_95

FEWEST_HELD_OUT_BUYERS = 20  # below that no estimate is given


class Earned(NamedTuple):
    """What treated visitors brought above their counterfactual, with the ends of a 95 % interval.

    share: relative to the counterfactual; buyers: visitors of the holdout who bought in the window.
    """

    since: datetime
    until: datetime
    value: float
    low: float
    high: float
    share: float
    buyers: int

    @property
    def is_known(self) -> bool:
        """Whether the holdout has enough buyers for an estimate."""
        return self.buyers >= FEWEST_HELD_OUT_BUYERS


def earned_above_holdout(outcomes: pl.DataFrame, metric: str, since: datetime, until: datetime) -> Earned:
    """outcomes: `outcomes.outcomes` of that window. metric: one of its columns, summed over visitors."""
    arms = {
        name: Visitors.of(rows[metric].to_numpy(), before=rows["before"].to_numpy())
        for name in (HELD_OUT_ARM, PERENNIAL)
        for rows in [outcomes.filter(pl.col("arm") == name)]
    }
    buyers = int(outcomes.filter(pl.col("arm") == HELD_OUT_ARM)["buyers"].sum())
    if min(len(arm.outcome) for arm in arms.values()) < 2:
        return Earned(since, until, 0.0, 0.0, 0.0, 0.0, 0)
    estimate, n = effect(arms[HELD_OUT_ARM], arms[PERENNIAL]), len(arms[PERENNIAL].outcome)
    # An ordinary 95 % interval, as a window is evaluated once.
    value, half = estimate.difference * n, Z_95 * sqrt(estimate.variance) * n
    counterfactual = float(arms[PERENNIAL].outcome.sum()) - value
    share = value / counterfactual if counterfactual > 0 else 0.0
    return Earned(since, until, value, value - half, value + half, share, buyers)


def sentence(earned: Earned, what: str, when: str, currency: str | None) -> str:
    """In plain words. what: `margin` or `revenue`; when: `in the last 30 days`."""

    def money(value: float) -> str:
        return shown(round(value), "money", currency).replace(".00", "")

    if not earned.is_known:
        return (
            f"Not enough yet to say what Perennial earned {when}: {earned.buyers} of those who are held out"
            f" bought, and it takes {FEWEST_HELD_OUT_BUYERS}."
        )
    ends = f"between {money(earned.low)} and {money(earned.high)}"
    if earned.low > 0:
        return f"Perennial earned about {money(earned.value)} of {what} {when}: {ends}, with 95 % certainty."
    if earned.high < 0:
        return f"Perennial cost about {money(-earned.value)} of {what} {when}: {ends}, with 95 % certainty."
    unsure = f"but that is not sure: anything {ends} fits what was seen."
    if earned.value > 0:
        return f"Perhaps Perennial earned {money(earned.value)} of {what} {when}, {unsure}"
    return f"It does not look as if Perennial earned any {what} {when}, {unsure}"
