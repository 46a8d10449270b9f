"""Uplift of a treatment: meta-learners over ridge regressions, with one weight for each feature."""

from collections.abc import Callable

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s

Learner = Callable[[Float64s, Bools, Float64s], Float64s]
"""rows (n, k) with ones first, treated (n), outcome (n) -> weights (k): uplift = rows @ weights."""

UPLIFT_RIDGE = 1_000.0
"""On standardised features: noise variance over effect variance, of effects a thirtieth of the noise."""


def ridge(rows: Float64s, outcome: Float64s, strength: float = UPLIFT_RIDGE) -> Float64s:
    """argmin |rows w - outcome|^2 + strength |w|^2; the first weight, the intercept, is not penalised."""
    gram = rows.T @ rows
    gram[np.diag_indices(len(gram))] += [1e-9, *[strength] * (len(gram) - 1)]
    return np.asarray(np.linalg.solve(gram, rows.T @ outcome))


def s_learner(rows: Float64s, treated: Bools, outcome: Float64s) -> Float64s:
    """One ridge over features and features x treatment."""
    share = treated - treated.mean()
    both = np.c_[rows, rows * share[:, None]]
    k = rows.shape[1]
    gram = both.T @ both
    gram[np.diag_indices(2 * k)] += np.tile([1e-9, *[UPLIFT_RIDGE] * (k - 1)], 2)
    return np.asarray(np.linalg.solve(gram, both.T @ outcome))[k:]


def x_learner(rows: Float64s, treated: Bools, outcome: Float64s) -> Float64s:
    """Each group's outcome less the prediction of the other group's ridge, weighted by the treated share.

    Künzel, Sekhon, Bickel and Yu (2019), algorithm 3, with a constant propensity.
    """
    with_it, without = ridge(rows[treated], outcome[treated]), ridge(rows[~treated], outcome[~treated])
    gained = ridge(rows[treated], outcome[treated] - rows[treated] @ without)
    missed = ridge(rows[~treated], rows[~treated] @ with_it - outcome[~treated])
    share = float(treated.mean())
    return np.asarray((1 - share) * gained + share * missed)


def response_model(rows: Float64s, _treated: Bools, outcome: Float64s) -> Float64s:
    """Who buys, treated or not: not an uplift, but a baseline that is often used in its place."""
    return ridge(rows, outcome)
