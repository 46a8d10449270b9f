"""How good forecasts of amounts are: whether the best come first, and whether the amounts are right."""

import numpy as np
from scipy.stats import rankdata

from recommender.arrays.dtypes import Float64s
from training.measure.metrics import Metrics

N_BINS = 10


def forecast_metrics(forecasts: Float64s, actual: Float64s) -> Metrics:
    """Metrics of forecasts against actual amounts; both (n), n > 0."""
    values = {
        "gini": normalised_gini(forecasts, actual),
        "total_ratio": float(forecasts.sum() / actual.sum()) if actual.sum() > 0 else 0.0,
        "spearman": spearman(forecasts, actual),
        "rmse": float(np.sqrt(np.mean((forecasts - actual) ** 2))),
        "calibration": calibration(forecasts, actual),
    }
    return {name: {"value": value} for name, value in values.items()}


def normalised_gini(forecasts: Float64s, actual: Float64s) -> float:
    """Gini of the actual amounts in the order of the forecasts, over that in the best order: 1 is best, 0 is
    a random order.

    Tied forecasts share their amounts equally. 0 where all amounts are equal.
    """
    best = _gini(actual, actual)
    return _gini(forecasts, actual) / best if best > 0 else 0.0


def _gini(forecasts: Float64s, actual: Float64s) -> float:
    _, tie, sizes = np.unique(-forecasts, return_inverse=True, return_counts=True)
    mean_of_ties = np.repeat(np.bincount(tie, actual) / sizes, sizes)
    n, total = len(actual), actual.sum()
    return float(np.cumsum(mean_of_ties).sum() / total / n - (n + 1) / (2 * n)) if total > 0 else 0.0


def spearman(forecasts: Float64s, actual: Float64s) -> float:
    """Rank correlation, ties at mid-rank; 0 where either is constant."""
    ranks = rankdata(forecasts), rankdata(actual)
    if min(rank.std() for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def calibration(forecasts: Float64s, actual: Float64s) -> float:
    """Sum of the absolute errors of ten bins, from lowest to highest forecasts, over the actual total; 0 is
    best."""
    parts = np.array_split(np.argsort(forecasts, kind="stable"), N_BINS)
    miss = sum(abs(float(forecasts[part].sum() - actual[part].sum())) for part in parts)
    return miss / float(actual.sum()) if actual.sum() > 0 else 0.0


def largest_gap(chances: Float64s, happened: Float64s) -> float:
    """Largest difference, over ten bins of probabilities, between mean probability and frequency."""
    parts = np.array_split(np.argsort(chances, kind="stable"), N_BINS)
    return max(abs(float(chances[part].mean() - happened[part].mean())) for part in parts if len(part))


def share_covered(actual: Float64s, intervals: Float64s) -> float:
    """Share of the actual amounts within their intervals. intervals: (n, 2), lowest and highest."""
    return float(np.mean((actual >= intervals[:, 0] - 1e-9) & (actual <= intervals[:, 1] + 1e-9)))
