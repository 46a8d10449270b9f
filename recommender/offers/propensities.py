"""The exact chance of each arm: mostly the one believed best, and a share for exploration."""

from typing import get_args

import numpy as np
from numba import types

from recommender.arrays.dtypes import Bools, Float64s
from recommender.kernels.compiled import FLOAT64_CUBE, FLOAT64_ROWS, FLOAT64_ROWS_OUT, compiled
from recommender.offers.incremental_margin import EvidenceLevel

CONFIDENT = 0.5
"""Share of worlds in which an offer must beat the offer best on average, to replace it for one customer."""
WORTH_A_TRY = 0.05
"""Share of worlds in which an offer must bring something from a customer, to be tried at all."""
PRICE_SPREAD = np.linspace(0.95, 1.05, 21)
"""A budget's price is drawn from about it, so that of customers who are all alike some get a short offer."""
STAGES = get_args(EvidenceLevel)
THIN, PERSONAL = STAGES.index("thin"), STAGES.index("personal")


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
    chosen = np.zeros(personal.shape[:-2] + personal.shape[-1:])
    one_by_one = np.atleast_2d(chosen)  # the same memory
    shape = len(one_by_one), *personal.shape[-2:]
    charge = np.zeros(chosen.shape) if charges is None else charges
    usual = np.ascontiguousarray(average).reshape(-1, *average.shape[-2:])
    own = np.ascontiguousarray(personal).reshape(shape)
    _choose(
        STAGES.index(stage), charges is not None, usual, own, charge.reshape(one_by_one.shape), one_by_one
    )
    return np.asarray((1 - explored.sum(axis=-1, keepdims=True)) * chosen + explored)


def may_pay(gain: Float64s) -> Bools:
    """(n_offers): whether an offer loses nothing in enough of the worlds to be tried at all.

    gain: (n_worlds, n_offers), incremental margin. An offer mostly fails this because the customer would buy
    anyway.
    """
    return np.asarray((gain >= 0).sum(axis=0) >= WORTH_A_TRY * len(gain))


def sample_arm(chances: Float64s, draw: float) -> int:
    """The arm that a uniform draw in [0, 1) selects."""
    return min(int(np.searchsorted(np.cumsum(chances), draw, side="right")), len(chances) - 1)


@compiled()
def _means(worlds: Float64s) -> Float64s:
    """(n_arms): of (n_worlds, n_arms)."""
    means = np.zeros(worlds.shape[1])
    for world in worlds:
        means += world
    return means / len(worlds)


@compiled()
def _surely_better(personal: Float64s, means: Float64s, usual: int) -> int:
    """The arm, of the usual one and those that beat it in enough worlds, that is expected to bring most."""
    best = -1
    for arm in range(len(means)):
        beaten = 0
        for world in personal:
            beaten += world[arm] > world[usual]
        is_sure = arm == usual or beaten >= CONFIDENT * len(personal)
        if is_sure and (best < 0 or means[arm] > means[best]):
            best = arm
    return best


@compiled((types.int64, types.boolean, *[FLOAT64_CUBE] * 2, FLOAT64_ROWS, FLOAT64_ROWS_OUT))
def _choose(
    stage: int, is_short: bool, average: Float64s, personal: Float64s, charges: Float64s, chosen: Float64s
) -> None:
    """Adds the chances of `propensities` without exploration, of each customer. average: one for all, or of
    each."""
    for customer in range(len(personal)):
        worlds, charge, chances = personal[customer], charges[customer], chosen[customer]
        if stage == THIN:
            for world in worlds:
                chances[(world - charge).argmax()] += 1
            chances /= len(worlds)
            continue
        means = _means(worlds)
        if is_short:
            for spread in PRICE_SPREAD:
                chances[(means - spread * charge).argmax()] += 1
            chances /= len(PRICE_SPREAD)
            continue
        of_all = _means(average[customer % len(average)])
        best = int(np.where(means >= 0, of_all, -np.inf).argmax())
        chances[_surely_better(worlds, means, best) if stage == PERSONAL else best] = 1
