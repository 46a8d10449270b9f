"""Confidence sequences: intervals that hold at all times at once, so that one may look every day."""

from math import exp, inf, lgamma, log, sqrt
from typing import NamedTuple

from training.experiments.effects import Effect

ALPHA = 0.05


class Interval(NamedTuple):
    """low and high of the difference; p_value: valid at any time too."""

    low: float
    high: float
    p_value: float


def always_valid(effect: Effect, expected: float, alpha: float = ALPHA) -> Interval:
    """Normal mixture over differences of spread `expected`, set before the first look.

    Lambda = sqrt(V / (V + t^2)) exp(t^2 d^2 / (2 V (V + t^2))) exceeds 1 / alpha at any time with a chance
    of at most alpha where there is no difference (Robbins 1970; Johari, Koomen, Pekelis and Walsh 2022).
    The choice of `expected` moves power, never the guarantee.
    """
    if effect.variance <= 0 or expected <= 0:
        return Interval(-inf, inf, 1.0)
    half, d = radius(effect.variance, expected, alpha), effect.difference
    v, t = effect.variance, expected**2
    evidence = 0.5 * log(v / (v + t)) + t * d**2 / (2 * v * (v + t))
    return Interval(d - half, d + half, min(1.0, exp(-evidence)))


def radius(variance: float, expected: float, alpha: float = ALPHA) -> float:
    """Half the width of the interval."""
    total = variance + expected**2
    return sqrt(variance * total / expected**2 * (log(total / variance) + 2 * log(1 / alpha)))


def sample_ratio(counts: list[int], weights: list[float]) -> float:
    """p-value, valid at any time, that visitors came to the arms by these weights.

    Dirichlet-multinomial mixture with 1,000 pseudo-visitors by weight (Lindon and Malek 2022). An arm of
    weight 0 that has visitors is impossible: 0.
    """
    if any(count > 0 and weight <= 0 for count, weight in zip(counts, weights, strict=True)):
        return 0.0
    pairs = [
        (count, weight / sum(weights)) for count, weight in zip(counts, weights, strict=True) if weight > 0
    ]
    prior = 1_000.0
    evidence = lgamma(prior) - lgamma(prior + sum(counts))
    for count, share in pairs:
        evidence += lgamma(prior * share + count) - lgamma(prior * share) - count * log(share)
    return min(1.0, exp(min(-evidence, 0.0)))
