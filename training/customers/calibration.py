"""Forecasts held against what came: isotonic by deciles."""

import numpy as np
from scipy.optimize import isotonic_regression

from recommender.arrays.dtypes import Float64s

BINS = 10
DOUBT = 20.0  # orders by which the level of a bin is doubted


def isotonic_knots(forecasts: Float64s, actual: Float64s, unit: float = 1.0) -> Float64s:
    """(2, 1 to 10) float64: mean forecasts of ten bins of about equal size, ascending, and what came of them.

    unit: money of an order, where forecasts are money. What came is drawn to the forecast the fewer
    orders the bin has; neighbours out of order are merged (pool adjacent violators).
    """
    order = np.argsort(forecasts, kind="stable")
    doubt = DOUBT * max(unit, 1e-9)
    level = (actual.sum() + doubt) / (forecasts.sum() + doubt)
    bins = np.array_split(order, min(BINS, len(order)))
    said, came = (np.array([values[each].sum() for each in bins]) for values in (forecasts, actual))
    came = level * said * (came + doubt) / (level * said + doubt)
    sizes = np.array([len(each) for each in bins])
    fitted = isotonic_regression(np.maximum(came, 1e-12) / sizes, weights=sizes)
    first = fitted.blocks[:-1]
    mean = np.add.reduceat(np.maximum(said, 1e-12), first) / np.add.reduceat(sizes, first)
    means = np.array([mean, fitted.x[first]])
    kept = np.append(True, np.diff(means[0]) > 0)
    return np.ascontiguousarray(means[:, kept])


IDENTITY = np.ones((2, 1))
