"""The exact chance of each arm: mostly the one believed best, and a share for exploration."""

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s, Int64s
from recommender.offers.incremental_margin import EvidenceLevel

CONFIDENT = 0.5
"""Share of worlds in which an offer must beat the offer best on average, to replace it for one customer."""
WORTH_A_TRY = 0.05
"""Share of worlds in which an offer must bring something from a customer, to be tried at all."""
PRICE_SPREAD = np.linspace(0.95, 1.05, 21)
"""A budget's price is drawn from about it, so that of customers who are all alike some get a short offer."""


def propensities(
    average: Float64s,
    personal: Float64s,
    stage: EvidenceLevel,
    explored: Float64s,
    charges: Float64s | None = None,
) -> Float64s:
    """(..., n_arms): chances that sum to 1, each at least `explored`. No offer is the last arm.

    average, personal: (..., n_worlds, n_arms), incremental margin on average and for this customer, 0 for no
    offer, -inf for an offer that they may not get. explored: (..., n_arms), chances left to exploration.
    charges: (..., n_arms), what short budgets charge; None: there is money for everybody.

    thin: the share of worlds in which an arm is the best for them (Thompson 1933); the worlds are
    finitely many, so the chance is exact. single: the best on average. personal: the best for this customer
    among those that beat the best on average in enough worlds. The last two give no offer that is expected to
    lose money on this customer; where a budget is short, nothing can be for all, and both give what is
    expected to bring this customer most above its charge.
    """
    n_arms = personal.shape[-1]
    if stage == "thin":
        net = personal if charges is None else personal - charges[..., None, :]
        chosen = _shares(net.argmax(axis=-1), n_arms)
    elif charges is not None:
        spread = PRICE_SPREAD[:, None] * charges[..., None, :]
        chosen = _shares((personal.mean(axis=-2)[..., None, :] - spread).argmax(axis=-1), n_arms)
    else:
        mean = personal.mean(axis=-2)
        best = np.where(mean >= 0, average.mean(axis=-2), -np.inf).argmax(axis=-1)
        chosen = np.eye(n_arms)[_surely_better(personal, best) if stage == "personal" else best]
    return np.asarray((1 - explored.sum(axis=-1, keepdims=True)) * chosen + explored)


def may_pay(gain: Float64s) -> Bools:
    """(n_offers): whether an offer loses nothing in enough of the worlds to be tried at all.

    gain: (n_worlds, n_offers), incremental margin. An offer mostly fails this because the customer would buy
    anyway.
    """
    return np.asarray((gain >= 0).mean(axis=0) >= WORTH_A_TRY)


def sample_arm(chances: Float64s, draw: float) -> int:
    """The arm that a uniform draw in [0, 1) selects."""
    return min(int(np.searchsorted(np.cumsum(chances), draw, side="right")), len(chances) - 1)


def _shares(best: Int64s, n_arms: int) -> Float64s:
    """(..., n_arms): how often each arm is the best. best: (..., n_draws)."""
    rows = np.arange(best[..., 0].size).reshape(*best.shape[:-1], 1)
    counted = np.bincount((n_arms * rows + best).ravel(), minlength=n_arms * rows.size)
    return np.asarray(counted.reshape(*best.shape[:-1], n_arms) / best.shape[-1])


def _surely_better(personal: Float64s, best: Int64s) -> Int64s:
    """(...): the arm, of those that beat `best` in enough worlds, that is expected to bring most."""
    of_best = np.take_along_axis(personal, best[..., None, None], axis=-1)
    beaten = (personal > of_best).mean(axis=-2) >= CONFIDENT
    np.put_along_axis(beaten, best[..., None], values=True, axis=-1)
    return np.asarray(np.where(beaten, personal.mean(axis=-2), -np.inf).argmax(axis=-1))
