"""What a policy would have earned, from a log of another policy's decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s
from training.measure.metrics import Z_95

LEAST_ESS, LEAST_ESS_SHARE = 200.0, 0.01


class Log(NamedTuple):
    """Logged decisions and a target policy to evaluate on them, (n) float64 each.

    reward: of the action taken; propensity: its probability under the logging policy; target: its
    probability under the target policy; predicted: a model's reward of the action taken; expected: the
    model's mean reward under the target policy. The model must not be trained on the decision itself.
    """

    reward: Float64s
    propensity: Float64s
    target: Float64s
    predicted: Float64s
    expected: Float64s

    @property
    def weight(self) -> Float64s:
        return self.target / self.propensity

    def where(self, kept: Bools) -> Log:
        return Log(*(column[kept] for column in self))


class Value(NamedTuple):
    """Reward a decision, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def log_of(reward: Float64s, propensity: Float64s, target: Float64s) -> Log:
    """A log without a model of rewards. Raises ValueError where a propensity is not in (0, 1]."""
    if not ((propensity > 0) & (propensity <= 1)).all():
        raise ValueError("every logged decision needs its propensity, above 0 and at most 1")
    zeros = np.zeros(len(reward))
    return Log(reward, propensity, target, zeros, zeros)


def effective_sample_size(log: Log) -> float:
    """(sum w)^2 / sum w^2: as many decisions of the policy itself would say as much (Kish 1965)."""
    squares = float((log.weight**2).sum())
    return float(log.weight.sum()) ** 2 / squares if squares else 0.0


def refusal(log: Log) -> str | None:
    """Why this log is too small to evaluate the policy; None: it is large enough."""
    ess, needed = effective_sample_size(log), max(LEAST_ESS, LEAST_ESS_SHARE * len(log.reward))
    if ess >= needed:
        return None
    return (
        f"{len(log.reward):,} decisions count as {ess:,.0f} of this policy, {needed:,.0f} are needed:"
        " log more, explore more, or ask about a policy closer to the one that served"
    )


def ips(log: Log) -> Value:
    """Mean of w r (Horvitz and Thompson 1952)."""
    return _mean(log.weight * log.reward)


def snips(log: Log) -> Value:
    """Sum of w r over sum of w (Swaminathan and Joachims 2015); interval by the delta method."""
    total = float(log.weight.sum())
    if not total:
        return Value(float("nan"), float("nan"), float("nan"))
    value = float((log.weight * log.reward).sum()) / total
    error = float(np.sqrt((log.weight**2 * (log.reward - value) ** 2).sum())) / total
    return Value(value, value - Z_95 * error, value + Z_95 * error)


def dr(log: Log) -> Value:
    """The model's expectation, corrected by the log's residuals (Dudík, Langford and Li 2011)."""
    return _mean(_corrected(log))


def advantage(one: Log, other: Log) -> Value:
    """What the policy of one log earns more a decision than that of the other: doubly robust, paired."""
    return _mean(_corrected(one) - _corrected(other))


ESTIMATORS: dict[str, Callable[[Log], Value]] = {"ips": ips, "snips": snips, "dr": dr}


def _corrected(log: Log) -> Float64s:
    return log.expected + log.weight * (log.reward - log.predicted)


def _mean(values: Float64s) -> Value:
    value, error = float(values.mean()), float(values.std(ddof=1)) / np.sqrt(len(values))
    return Value(value, float(value - Z_95 * error), float(value + Z_95 * error))
