"""The effect of an arm on a metric, and the variance of its estimate."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s


class Visitors(NamedTuple):
    """One arm, a row for each visitor, (n) float64 each. outcome: the numerator, net of refunds; per: the
    denominator (ones: a mean per visitor; orders: a ratio metric); before: a covariate from before, or 0."""

    outcome: Float64s
    per: Float64s
    before: Float64s

    @classmethod
    def of(cls, outcome: Float64s, per: Float64s | None = None, before: Float64s | None = None) -> Visitors:
        """Per visitor and without a covariate by default."""
        n = len(outcome)
        return cls(outcome, np.ones(n) if per is None else per, np.zeros(n) if before is None else before)


class Effect(NamedTuple):
    """control: the control's metric; difference: the arm's metric less that; variance: of the difference."""

    control: float
    difference: float
    variance: float


def effect(control: Visitors, treated: Visitors) -> Effect:
    """Difference of ratios sum(outcome) / sum(per), adjusted for the covariate (CUPED).

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


def _linear(arm: Visitors) -> tuple[float, Float64s]:
    """The ratio, and each visitor's linearised deviation from it."""
    if not arm.per.sum():
        return 0.0, np.zeros(len(arm.per))
    ratio = float(arm.outcome.sum() / arm.per.sum())
    return ratio, (arm.outcome - ratio * arm.per) / arm.per.mean()


def _cuped(moves: tuple[Float64s, ...], before: tuple[Float64s, ...]) -> tuple[float, float]:
    """theta within the arms, and the mean of the covariate over all visitors."""
    pooled = np.concatenate(before)
    spread = sum(float(((b - b.mean()) ** 2).sum()) for b in before)
    if not spread:
        return 0.0, 0.0
    covariance = sum(float((m * (b - b.mean())).sum()) for m, b in zip(moves, before, strict=True))
    return covariance / spread, float(pooled.mean())
