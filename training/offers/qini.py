"""Qini and AUUC: how well scores rank customers by the effect of a treatment."""

from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s


class Curve(NamedTuple):
    """Points of a curve, (m) float64. x: how many customers are targeted; y: what that brings."""

    x: Float64s
    y: Float64s

    @property
    def area(self) -> float:
        return float(np.trapezoid(self.y, self.x))


class Counts(NamedTuple):
    """Running counts at each distinct score, best score first: (m) float64, beginning with 0."""

    all: Float64s
    treated: Float64s
    control: Float64s
    treated_outcome: Float64s
    control_outcome: Float64s


def counts(score: Float64s, treated: Bools, outcome: Float64s) -> Counts:
    """Running counts, best score first; ties enter together."""
    order = np.argsort(-score, kind="stable")
    treated, outcome, score = treated[order], outcome[order], score[order]
    last = np.r_[np.flatnonzero(np.diff(score)), len(score) - 1]

    def running(values: Float64s | Bools) -> Float64s:
        return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)[last]])

    ones = np.ones(len(score))
    return Counts(
        running(ones),
        running(treated),
        running(~treated),
        running(treated * outcome),
        running(~treated * outcome),
    )


def qini(score: Float64s, treated: Bools, outcome: Float64s) -> float:
    """Area between the Qini curve and the random line, over that of the perfect order. outcome: 0 or 1.

    The curve is Y_t - Y_c N_t / N_c; the perfect order has treated buyers first and control buyers last
    (Radcliffe 2007; `qini_auc_score` of scikit-uplift, negative effects counted).
    """
    perfect = np.where(treated, outcome, -outcome)
    return _over_perfect(*(_qini_curve(counts(s, treated, outcome)) for s in (score, perfect)))


def auuc(score: Float64s, treated: Bools, outcome: Float64s) -> float:
    """As `qini`, for the curve (Y_t / N_t - Y_c / N_c) N (`uplift_auc_score` of scikit-uplift)."""
    agrees = 2.0 * (outcome == treated)
    more_control_buyers = (~treated & (outcome == 1)).sum() > (treated & (outcome == 0)).sum()
    perfect = agrees + (outcome if more_control_buyers else treated)
    return _over_perfect(*(_uplift_curve(counts(s, treated, outcome)) for s in (score, perfect)))


def _qini_curve(c: Counts) -> Curve:
    return Curve(c.all, c.treated_outcome - c.control_outcome * _ratio(c.treated, c.control))


def _uplift_curve(c: Counts) -> Curve:
    return Curve(c.all, (_ratio(c.treated_outcome, c.treated) - _ratio(c.control_outcome, c.control)) * c.all)


def _ratio(over: Float64s, under: Float64s) -> Float64s:
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0)


def _over_perfect(curve: Curve, perfect: Curve) -> float:
    random = float(curve.x[-1] * curve.y[-1]) / 2
    room = perfect.area - random
    return (curve.area - random) / room if room else 0.0
