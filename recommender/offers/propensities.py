"""How likely each arm is taken: what is believed best, and a share for chance, known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.offers.incremental_margin import EvidenceLevel

Numbers = NDArray[np.float64]
CONFIDENT = 0.5
"""In how many worlds an offer must beat the best one for all, to be taken in its place for one customer."""
WORTH_A_TRY = 0.05
"""In how many worlds an offer must bring a customer something, to be given to learn from."""


def propensities(average: Numbers, personal: Numbers, stage: EvidenceLevel, exploration: float) -> Numbers:
    """(n_arms): chances that sum to 1, each at least exploration / n_arms. No offer is the last arm.

    average, personal: (n_worlds, n_arms), what an arm brings on average and for this customer, 0 for no
    offer. thin: as often as an arm is the best for them (Thompson 1933), over finitely many worlds, so that
    the chance is exact. single: the best on average. personal: the best for this customer among those that
    beat the best on average in enough worlds. Neither gives what is expected to bring this customer nothing.
    """
    n_worlds, n_arms = personal.shape
    if stage == "thin":
        chosen = np.bincount(personal.argmax(axis=1), minlength=n_arms) / n_worlds
    else:
        mean = personal.mean(axis=0)
        best = int(np.where(mean >= 0, average.mean(axis=0), -np.inf).argmax())
        chosen = np.eye(n_arms)[_surely_better(personal, best) if stage == "personal" else best]
    return np.asarray((1 - exploration) * chosen + exploration / n_arms)


def may_pay(worth: Numbers) -> NDArray[np.bool_]:
    """(n_offers): whether an offer brings anything in enough of the worlds to be tried at all.

    worth: (n_worlds, n_offers). Most who are refused one would have bought anyway.
    """
    return np.asarray((worth >= 0).mean(axis=0) >= WORTH_A_TRY)


def taken(chances: Numbers, draw: float) -> int:
    """The arm that a draw in [0, 1) falls upon."""
    return min(int(np.searchsorted(np.cumsum(chances), draw, side="right")), len(chances) - 1)


def _surely_better(personal: Numbers, best: int) -> int:
    beaten = (personal > personal[:, [best]]).mean(axis=0) >= CONFIDENT
    beaten[best] = True
    return int(np.where(beaten, personal.mean(axis=0), -np.inf).argmax())
