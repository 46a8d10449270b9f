"""Who is moved by a treatment: meta-learners over ridges, whose answer is one weight a feature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Mask = NDArray[np.bool_]
Weights = NDArray[np.float64]
Learner = Callable[[Rows, Mask, Rows], Weights]
"""rows (n, k) with ones first, treated (n), outcome (n) -> weights (k): uplift = rows @ weights."""

RIDGE = 1_000.0
"""On features of spread 1: noise over squared effect, as of an effect a thirtieth of the noise."""


def ridge(rows: Rows, outcome: Rows, strength: float = RIDGE) -> Weights:
    """argmin |rows w - outcome|^2 + strength |w|^2; the first weight, of the ones, is free."""
    gram = rows.T @ rows
    gram[np.diag_indices(len(gram))] += [1e-9, *[strength] * (len(gram) - 1)]
    return np.asarray(np.linalg.solve(gram, rows.T @ outcome))


def s_learner(rows: Rows, treated: Mask, outcome: Rows) -> Weights:
    """One ridge over features and features x treatment."""
    share = treated - treated.mean()
    both = np.c_[rows, rows * share[:, None]]
    k = rows.shape[1]
    gram = both.T @ both
    gram[np.diag_indices(2 * k)] += np.tile([1e-9, *[RIDGE] * (k - 1)], 2)
    return np.asarray(np.linalg.solve(gram, both.T @ outcome))[k:]


def x_learner(rows: Rows, treated: Mask, outcome: Rows) -> Weights:
    """Each group's outcome against what the other group's ridge expects, weighed by the treated share.

    Künzel, Sekhon, Bickel and Yu (2019), algorithm 3, with a constant propensity.
    """
    with_it, without = ridge(rows[treated], outcome[treated]), ridge(rows[~treated], outcome[~treated])
    gained = ridge(rows[treated], outcome[treated] - rows[treated] @ without)
    missed = ridge(rows[~treated], rows[~treated] @ with_it - outcome[~treated])
    share = float(treated.mean())
    return np.asarray((1 - share) * gained + share * missed)


def response_model(rows: Rows, _treated: Mask, outcome: Rows) -> Weights:
    """Who buys, treated or not: no uplift at all, but what is often used in its place."""
    return ridge(rows, outcome)
