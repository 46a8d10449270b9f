"""What a model of customers leaves unexplained: a factor on its expectation, isotonic knots by deciles."""

import numpy as np
from scipy.optimize import isotonic_regression

from recommender.arrays.dtypes import Float64s

CORRECTION_RIDGE = 1_000.0  # of standardised features, in customers: a small shop learns next to nothing
CORRECTION_STEPS = 60
LEAST_SPREAD = 0.05  # of a feature, all being logarithms or shares: what differs by less tells nobody apart
BINS = 10
DOUBT = 20.0  # orders by which the level of a bin is doubted
IDENTITY = np.ones((2, 1))  # knots that change nothing


def fit_log_linear(features: Float64s, expected: Float64s, actual: Float64s, power: float) -> Float64s:
    """(1 + features) weights of exp(w0 + w features), a factor on what was expected; w0 sets the level.

    Quasi-likelihood of a variance ~ mean^(1 + power) (Tweedie), ridge on standardised features, Newton's
    method. Nothing expected or nothing come: no correction.
    """
    weights = np.zeros(features.shape[1] + 1)
    if expected.sum() <= 0 or actual.sum() <= 0:
        return weights
    centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), LEAST_SPREAD)
    design = np.column_stack([np.ones(len(features)), (features - centre) / scale])
    ridge = np.full(len(weights), CORRECTION_RIDGE)
    ridge[0] = 1e-6
    base, goal = expected / expected.mean(), actual / actual.mean()
    for _ in range(CORRECTION_STEPS):
        mean = base * np.exp(np.clip(design @ weights, -8, 8))
        trust = np.maximum(mean, 1e-6) ** -power
        slope = design.T @ ((mean - goal) * trust) + ridge * weights
        bend = (design * (mean * trust)[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        weights = weights - np.clip(step, -0.5, 0.5)
        if np.abs(step).max() < 1e-8:
            break
    weights[1:] /= scale
    weights[0] += np.log(actual.mean() / expected.mean()) - centre @ weights[1:]
    return weights


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
