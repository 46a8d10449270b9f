"""How well scores order people by what a treatment does to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Counts(NamedTuple):
    """Of the first so many by score, at each distinct score: (m) float64, from 0."""

    all: Numbers
    treated: Numbers
    control: Numbers
    treated_outcome: Numbers
    control_outcome: Numbers


def counts(score: Numbers, treated: Mask, outcome: Numbers) -> Counts:
    """Running counts, best score first; those who tie come together."""
    order = np.argsort(-score, kind="stable")
    treated, outcome, score = treated[order], outcome[order], score[order]
    last = np.r_[np.flatnonzero(np.diff(score)), len(score) - 1]

    def running(values: Numbers | Mask) -> Numbers:
        return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)[last]])

    ones = np.ones(len(score))
    return Counts(
        running(ones),
        running(treated),
        running(~treated),
        running(treated * outcome),
        running(~treated * outcome),
    )


def qini(score: Numbers, treated: Mask, outcome: Numbers) -> float:
    """Area between the Qini curve and the random line, over that of the perfect order. outcome: 0 or 1.

    The curve is Y_t - Y_c N_t / N_c; the perfect order has treated buyers first and control buyers last
    (Radcliffe 2007; `qini_auc_score` of scikit-uplift, negative effects counted).
    """
    perfect = np.where(treated, outcome, -outcome)
    return _over_perfect(*(_qini_curve(counts(s, treated, outcome)) for s in (score, perfect)))


def auuc(score: Numbers, treated: Mask, outcome: Numbers) -> float:
    """As `qini`, for the curve (Y_t / N_t - Y_c / N_c) N (`uplift_auc_score` of scikit-uplift)."""
    agrees = 2.0 * (outcome == treated)
    more_control_buyers = (~treated & (outcome == 1)).sum() > (treated & (outcome == 0)).sum()
    perfect = agrees + (outcome if more_control_buyers else treated)
    return _over_perfect(*(_uplift_curve(counts(s, treated, outcome)) for s in (score, perfect)))


def _qini_curve(c: Counts) -> tuple[Numbers, Numbers]:
    return c.all, c.treated_outcome - c.control_outcome * _ratio(c.treated, c.control)


def _uplift_curve(c: Counts) -> tuple[Numbers, Numbers]:
    return c.all, (_ratio(c.treated_outcome, c.treated) - _ratio(c.control_outcome, c.control)) * c.all


def _ratio(over: Numbers, under: Numbers) -> Numbers:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def _over_perfect(found: tuple[Numbers, Numbers], perfect: tuple[Numbers, Numbers]) -> float:
    random = found[0][-1] * found[1][-1] / 2
    room = np.trapezoid(perfect[1], perfect[0]) - random
    return float((np.trapezoid(found[1], found[0]) - random) / room) if room else 0.0
