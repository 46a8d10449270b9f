"""What Perennial earned, by those who were held out of it, and how sure that is."""

from __future__ import annotations

from datetime import datetime
from math import sqrt
from typing import NamedTuple

import polars as pl

from features.insights.text import shown
from recommender.experiments.assignment import HELD_OUT
from training.experiments.effects import Visitors, effect
from training.experiments.exposures import PERENNIAL

SURE = 1.96  # of a window that is looked at once: 95 %
FEWEST = 20  # buyers of those held out, below which nothing is said


class Earned(NamedTuple):
    """What all who were not held out brought above what they would have, with the ends of 95 %.

    share: of what they would have brought; buyers: of those held out, in the window.
    """

    since: datetime
    until: datetime
    value: float
    low: float
    high: float
    share: float
    buyers: int

    @property
    def known(self) -> bool:
        """Whether enough of those held out bought to say anything."""
        return self.buyers >= FEWEST


def earned(brought: pl.DataFrame, metric: str, since: datetime, until: datetime) -> Earned:
    """brought: `outcomes.outcomes` of that window. A window of its own is looked at once: an ordinary
    interval holds."""
    arms = {
        name: Visitors.of(rows[metric].to_numpy(), before=rows["before"].to_numpy())
        for name in (HELD_OUT, PERENNIAL)
        for rows in [brought.filter(pl.col("arm") == name)]
    }
    buyers = int(brought.filter(pl.col("arm") == HELD_OUT)["buyers"].sum())
    if min(len(arm.outcome) for arm in arms.values()) < 2:
        return Earned(since, until, 0.0, 0.0, 0.0, 0.0, 0)
    found, n = effect(arms[HELD_OUT], arms[PERENNIAL]), len(arms[PERENNIAL].outcome)
    value, half = found.difference * n, SURE * sqrt(found.variance) * n
    without = float(arms[PERENNIAL].outcome.sum()) - value
    share = value / without if without > 0 else 0.0
    return Earned(since, until, value, value - half, value + half, share, buyers)


def sentence(found: Earned, what: str, when: str, currency: str | None) -> str:
    """In plain words. what: `margin` or `revenue`; when: `in the last 30 days`."""

    def money(value: float) -> str:
        return shown(round(value), "money", currency).replace(".00", "")

    if not found.known:
        return (
            f"Not enough yet to say what Perennial earned {when}: {found.buyers} of those who are held out"
            f" bought, and it takes {FEWEST}."
        )
    ends = f"between {money(found.low)} and {money(found.high)}"
    if found.low > 0:
        return f"Perennial earned about {money(found.value)} of {what} {when}: {ends}, with 95 % certainty."
    if found.high < 0:
        return f"Perennial cost about {money(-found.value)} of {what} {when}: {ends}, with 95 % certainty."
    unsure = f"but that is not sure: anything {ends} fits what was seen."
    if found.value > 0:
        return f"Perhaps Perennial earned {money(found.value)} of {what} {when}, {unsure}"
    return f"It does not look as if Perennial earned any {what} {when}, {unsure}"
