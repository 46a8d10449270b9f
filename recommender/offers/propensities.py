"""The exact chance of each arm: mostly the one believed best, and a share for exploration."""

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s
from recommender.offers.incremental_margin import EvidenceLevel

CONFIDENT = 0.5
"""Share of worlds in which an offer must beat the offer best on average, to replace it for one customer."""
WORTH_A_TRY = 0.05
"""Share of worlds in which an offer must bring something from a customer, to be tried at all."""


def propensities(average: Float64s, personal: Float64s, stage: EvidenceLevel, exploration: float) -> Float64s:
    """(n_arms): chances that sum to 1, each at least exploration / n_arms. No offer is the last arm.

    average, personal: (n_worlds, n_arms), incremental margin on average and for this customer, 0 for no
    offer. thin: the share of worlds in which an arm is the best for them (Thompson 1933); the worlds are
    finitely many, so the chance is exact. single: the best on average. personal: the best for this customer
    among those that beat the best on average in enough worlds. The last two give no offer that is expected to
    lose money on this customer.
    """
    n_worlds, n_arms = personal.shape
    if stage == "thin":
        chosen = np.bincount(personal.argmax(axis=1), minlength=n_arms) / n_worlds
    else:
        mean = personal.mean(axis=0)
        best = int(np.where(mean >= 0, average.mean(axis=0), -np.inf).argmax())
        chosen = np.eye(n_arms)[_surely_better(personal, best) if stage == "personal" else best]
    return np.asarray((1 - exploration) * chosen + exploration / n_arms)


def may_pay(gain: Float64s) -> Bools:
    """(n_offers): whether an offer loses nothing in enough of the worlds to be tried at all.

    gain: (n_worlds, n_offers), incremental margin. An offer mostly fails this because the customer would buy
    anyway.
    """
    return np.asarray((gain >= 0).mean(axis=0) >= WORTH_A_TRY)


def sample_arm(chances: Float64s, draw: float) -> int:
    """The arm that a uniform draw in [0, 1) selects."""
    return min(int(np.searchsorted(np.cumsum(chances), draw, side="right")), len(chances) - 1)


def _surely_better(personal: Float64s, best: int) -> int:
    beaten = (personal > personal[:, [best]]).mean(axis=0) >= CONFIDENT
    beaten[best] = True
    return int(np.where(beaten, personal.mean(axis=0), -np.inf).argmax())
