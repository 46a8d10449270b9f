"""How good forecasts of amounts are: whether the best come first, and whether the amounts are right."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from recommender.arrays.dtypes import Float64s
from training.measure.metrics import Metrics

BINS = 10


def judged(forecasts: Float64s, actual: Float64s) -> Metrics:
    """Measures of forecasts of what then came; both of one length, not empty."""
    values = {
        "gini": normalised_gini(forecasts, actual),
        "total_ratio": float(forecasts.sum() / actual.sum()) if actual.sum() > 0 else 0.0,
        "spearman": spearman(forecasts, actual),
        "rmse": float(np.sqrt(np.mean((forecasts - actual) ** 2))),
        "calibration": calibration(forecasts, actual),
    }
    return {name: {"value": value} for name, value in values.items()}


def normalised_gini(forecasts: Float64s, actual: Float64s) -> float:
    """Gini of what came in the order of the forecasts, over that in the best order: 1 best, 0 as by lot.

    Forecasts that tie share what came to them. 0 where all brought alike.
    """
    best = _gini(actual, actual)
    return _gini(forecasts, actual) / best if best > 0 else 0.0


def _gini(forecasts: Float64s, actual: Float64s) -> float:
    _, place, sizes = np.unique(-forecasts, return_inverse=True, return_counts=True)
    shared = np.repeat(np.bincount(place, actual) / sizes, sizes)
    if actual.sum() <= 0:
        return 0.0
    return float(np.cumsum(shared).sum() / actual.sum() / len(actual) - (len(actual) + 1) / (2 * len(actual)))


def spearman(forecasts: Float64s, actual: Float64s) -> float:
    """Rank correlation, ties at mid-rank; 0 where either is constant."""
    ranks = rankdata(forecasts), rankdata(actual)
    if min(rank.std() for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def calibration(forecasts: Float64s, actual: Float64s) -> float:
    """By tenths of the forecasts: what they miss, up or down, over all that came; 0 best."""
    parts = np.array_split(np.argsort(forecasts, kind="stable"), BINS)
    missed = sum(abs(float(forecasts[part].sum() - actual[part].sum())) for part in parts)
    return missed / float(actual.sum()) if actual.sum() > 0 else 0.0


def largest_gap(chances: Float64s, happened: Float64s) -> float:
    """By tenths of the chances: the largest distance between the mean chance and how often it happened."""
    parts = np.array_split(np.argsort(chances, kind="stable"), BINS)
    return max(abs(float(chances[part].mean() - happened[part].mean())) for part in parts if len(part))


def covered(actual: Float64s, held: Float64s) -> float:
    """Share within (n, 2) lowest and highest."""
    return float(np.mean((actual >= held[:, 0] - 1e-9) & (actual <= held[:, 1] + 1e-9)))
