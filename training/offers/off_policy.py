"""What a policy would have earned, from a log of another policy's decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LEAST_ESS, LEAST_SHARE = 200.0, 0.01
WIDTH = 1.96


class Log(NamedTuple):
    """Decisions taken, (n) float64 each.

    reward: what came of the action taken; propensity: its chance then; target: its chance under the policy
    in question; predicted: a model's reward of the action taken; expected: the model's mean reward under
    the policy in question. The model must not have seen the decision.
    """

    reward: Numbers
    propensity: Numbers
    target: Numbers
    predicted: Numbers
    expected: Numbers

    @property
    def weight(self) -> Numbers:
        return self.target / self.propensity

    def where(self, kept: NDArray[np.bool_]) -> Log:
        return Log(*(column[kept] for column in self))


class Value(NamedTuple):
    """Reward a decision, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def log_of(reward: Numbers, propensity: Numbers, target: Numbers) -> Log:
    """A log without a model of rewards. Raises ValueError where a propensity is no chance."""
    if not ((propensity > 0) & (propensity <= 1)).all():
        raise ValueError("every logged decision needs its propensity, above 0 and at most 1")
    nothing = np.zeros(len(reward))
    return Log(reward, propensity, target, nothing, nothing)


def effective_sample_size(log: Log) -> float:
    """(sum w)^2 / sum w^2: as many decisions of the policy itself would say as much (Kish 1965)."""
    squares = float((log.weight**2).sum())
    return float(log.weight.sum()) ** 2 / squares if squares else 0.0


def refusal(log: Log) -> str | None:
    """Why this log cannot judge the policy; None: it can."""
    ess, needed = effective_sample_size(log), max(LEAST_ESS, LEAST_SHARE * len(log.reward))
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
    return Value(value, value - WIDTH * error, value + WIDTH * error)


def dr(log: Log) -> Value:
    """The model's expectation, put right where the log disagrees (Dudík, Langford and Li 2011)."""
    return _mean(log.expected + log.weight * (log.reward - log.predicted))


ESTIMATORS: dict[str, Callable[[Log], Value]] = {"ips": ips, "snips": snips, "dr": dr}


def _mean(values: Numbers) -> Value:
    value, error = float(values.mean()), float(values.std(ddof=1)) / np.sqrt(len(values))
    return Value(value, float(value - WIDTH * error), float(value + WIDTH * error))
