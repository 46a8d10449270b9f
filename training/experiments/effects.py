"""The difference that an arm makes to a metric, and how far chance alone would carry it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Visitors(NamedTuple):
    """One arm, a row a visitor, (n) float64 each. outcome: what is compared, refunds taken off; per: what it
    is counted by (ones: a visitor; orders: a ratio metric); before: the same of the weeks before, or 0."""

    outcome: Numbers
    per: Numbers
    before: Numbers

    @classmethod
    def of(cls, outcome: Numbers, per: Numbers | None = None, before: Numbers | None = None) -> Visitors:
        """Counted by visitor and with nothing known of before, unless said."""
        n = len(outcome)
        return cls(outcome, np.ones(n) if per is None else per, np.zeros(n) if before is None else before)


class Effect(NamedTuple):
    """control: the metric without the arm; difference: with it less that; variance: of the difference."""

    control: float
    difference: float
    variance: float


def effect(control: Visitors, treated: Visitors) -> Effect:
    """Difference of ratios sum(outcome) / sum(per), the weeks before taken out (CUPED).

    Delta method: a ratio moves as the mean of (outcome - R per) / mean(per) (Deng, Knoblich and Lu 2018).
    CUPED: less theta (before - its mean over both arms), theta = cov / var (Deng, Xu, Kohavi and Walker
    2013). Raises ValueError where an arm has fewer than two visitors.
    """
    if min(len(control.outcome), len(treated.outcome)) < 2:
        raise ValueError("an arm without traffic: two visitors at least are needed in each to compare")
    ratios, moves = zip(*(_linear(arm) for arm in (control, treated)), strict=True)
    theta, middle = _cuped(moves, (control.before, treated.before))
    means, variance = [], 0.0
    for ratio, move, arm in zip(ratios, moves, (control, treated), strict=True):
        adjusted = move - theta * (arm.before - middle)
        means.append(ratio + float(adjusted.mean()))
        variance += float(adjusted.var(ddof=1)) / len(adjusted)
    return Effect(ratios[0], means[1] - means[0], variance)


def _linear(arm: Visitors) -> tuple[float, Numbers]:
    """The ratio, and what each visitor moves it by times n."""
    if not arm.per.sum():
        return 0.0, np.zeros(len(arm.per))
    ratio = float(arm.outcome.sum() / arm.per.sum())
    return ratio, (arm.outcome - ratio * arm.per) / arm.per.mean()


def _cuped(moves: tuple[Numbers, ...], before: tuple[Numbers, ...]) -> tuple[float, float]:
    """theta within the arms, and the mean of before over all."""
    both = np.concatenate(before)
    spread = sum(float(((b - b.mean()) ** 2).sum()) for b in before)
    if not spread:
        return 0.0, 0.0
    together = sum(float((m * (b - b.mean())).sum()) for m, b in zip(moves, before, strict=True))
    return together / spread, float(both.mean())
