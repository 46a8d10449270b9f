"""What a model of customers leaves unexplained, learned as a factor on its expectation."""

import numpy as np

from recommender.arrays.dtypes import Float64s

RIDGE = 1_000.0  # of standardised features, in customers: a small shop learns next to nothing
STEPS = 60
LEAST_SPREAD = 0.05  # of a feature, all being logarithms or shares: what differs by less tells nobody apart


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
    ridge = np.full(len(weights), RIDGE)
    ridge[0] = 1e-6
    base, goal = expected / expected.mean(), actual / actual.mean()
    for _ in range(STEPS):
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
