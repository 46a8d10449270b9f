"""Differences between two methods over the same cases, with intervals by whom the cases belong to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s
from training.measure.metrics import RESAMPLES, RESAMPLES_AT_ONCE, Measurement


class Values(NamedTuple):
    """A measure of each case. owner: (n_cases) int, equal for cases of one customer, visit or order."""

    value: Float64s
    owner: NDArray[np.int64]

    def mean(self, seed: int) -> Measurement:
        """With the 2.5 % and 97.5 % points of a bootstrap of owners, not of cases: those of one are alike."""
        _, owner = np.unique(self.owner, return_inverse=True)
        total, cases = np.bincount(owner, self.value), np.bincount(owner).astype(np.float64)
        rng, means, n = np.random.default_rng(seed), list[float](), len(cases)
        for _ in range(RESAMPLES // RESAMPLES_AT_ONCE):
            drawn = rng.multinomial(n, np.full(n, 1 / n), RESAMPLES_AT_ONCE)
            means += (drawn @ total / (drawn @ cases)).tolist()
        low, high = np.percentile(means, (2.5, 97.5)).tolist()
        return {"value": float(self.value.mean()), "low": low, "high": high}

    def over(self, other: Float64s, seed: int) -> Measurement:
        """The mean difference to another method's values."""
        return Values(self.value - other, self.owner).mean(seed)
