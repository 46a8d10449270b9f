"""When customers order and when they stop: what BG/NBD, MBG/NBD, Pareto/NBD and NBD expect of each.

Everywhere: frequency = repeat purchase days, recency = week of the last, age = weeks since the first;
float64 arrays that broadcast. While a customer stays, orders are Poisson at a rate ~ Gamma(r, alpha).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s

BG_NBD, MBG_NBD, PARETO_NBD, NBD = range(4)
NAMES = ("BG/NBD", "MBG/NBD", "Pareto/NBD", "NBD")
MOST_TERMS, TERMS_AT_ONCE = 3_072, 64
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
NODES, WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2  # of Gauss and Legendre, on (0, 1)


class OrderModel(NamedTuple):
    """A fitted model. Rates are orders a week, ~ Gamma(r, alpha weeks).

    BG and MBG/NBD: after an order (MBG: the first one too) a customer leaves with a chance ~ Beta(a, b).
    Pareto/NBD: customers leave at any time, at a rate a week ~ Gamma(a, b weeks). NBD: nobody was seen
    leaving in b weeks, so they stay another t with a chance of b / (b + t); b = 0: they stay for good.
    """

    kind: int
    r: float
    alpha: float
    a: float
    b: float

    @property
    def name(self) -> str:
        return NAMES[self.kind]


class OrderSummary(NamedTuple):
    """(n) float64 each: frequency (repeat purchase days), recency (weeks), age (weeks)."""

    frequency: Float64s
    recency: Float64s
    age: Float64s

    @classmethod
    def of(cls, frequency: float, recency: float, age: float) -> OrderSummary:
        """One customer."""
        return cls(np.array([frequency], float), np.array([recency], float), np.array([age], float))

    def where(self, kept: NDArray[np.bool_ | np.intp] | slice) -> OrderSummary:
        return OrderSummary(self.frequency[kept], self.recency[kept], self.age[kept])


def p_alive(model: OrderModel, summary: OrderSummary) -> Float64s:
    """Chance that the customer has not left for good."""
    x, recency, age = summary
    if model.kind == NBD:
        return np.ones_like(x)
    if model.kind == PARETO_NBD:
        return 1 / (1 + pareto_left_odds(model, summary))
    left = model.a / np.maximum(posterior_b(model, x) - 1, 1e-12)
    with np.errstate(over="ignore"):
        odds = left * ((model.alpha + age) / (model.alpha + recency)) ** (model.r + x)
    return np.where((model.kind == BG_NBD) & (x == 0), 1.0, 1 / (1 + odds))


def posterior_b(model: OrderModel, frequency: Float64s) -> Float64s:
    """b of the posterior Beta(a, b) of leaving after an order, for who has not left (BG, MBG/NBD)."""
    return np.asarray(model.b + frequency + (model.kind == MBG_NBD))


def expected_orders(model: OrderModel, summary: OrderSummary, weeks: Float64s | float) -> Float64s:
    """Orders expected within the next weeks.

    Fader, Hardie and Lee (2005), eq. 10, through Euler's transformation, which keeps every term small;
    Batislam et al. (2007); Pareto/NBD: Fader and Hardie (2005), eq. 41; NBD: (r + x) / (alpha + T) t,
    t being the time they are expected to stay.
    """
    x, _, age = summary
    rate = (model.r + x) / (model.alpha + age)
    if model.kind == NBD:
        return rate * nbd_expected_stay(model, weeks)
    alive = p_alive(model, summary)
    if model.kind == PARETO_NBD:
        return alive * rate * pareto_expected_stay(model, age, weeks)
    a = model.a if abs(model.a - 1) > 1e-7 else 1 + 1e-7
    b = posterior_b(model, x)
    z = weeks / (model.alpha + age + weeks)
    tail = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - model.r - x, a - 1, a + b - 1, z)
    return alive * np.maximum(0.0, (a + b - 1) / (a - 1) * (1 - tail))


def nbd_expected_stay(model: OrderModel, weeks: Float64s | float) -> Float64s | float:
    """Weeks, of the next ones, that a customer of NBD is expected to stay."""
    return np.asarray(model.b * np.log1p(weeks / model.b)) if model.b > 0 else weeks


def pareto_expected_stay(model: OrderModel, age: Float64s, weeks: Float64s | float) -> Float64s:
    """Weeks, of the next ones, that a customer of Pareto/NBD is expected to stay."""
    begin, s = model.b + age, model.a
    if abs(s - 1) < 1e-7:
        return np.asarray(begin * np.log1p(weeks / begin))
    return np.asarray(begin / (s - 1) * (1 - (begin / (begin + weeks)) ** (s - 1)))


def pareto_left_odds(model: OrderModel, summary: OrderSummary) -> Float64s:
    """Odds that a customer of Pareto/NBD has left.

    (alpha + T)^(r + x) (beta + T)^s times the integral, from t_x to T, of
    s / ((alpha + y)^(r + x) (beta + y)^(s + 1)), with nodes spaced so that the integrand is nearly constant.
    """
    x, recency, age = (part[:, None] for part in summary)
    count, s = model.r + x, model.a
    middle = (model.alpha * count + model.b * (s + 1)) / (count + s + 1)
    power = count + s
    span = -np.expm1(-power * np.log((middle + age) / (middle + recency)))
    log_y = np.log(middle + recency) - np.log1p(-NODES * span) / power
    y = np.exp(log_y) - middle
    log_height = (
        (power + 1) * log_y
        - count * (np.log(model.alpha + y) - np.log(model.alpha + age))
        - (s + 1) * np.log(model.b + y)
        + s * np.log(model.b + age)
        - power * np.log(middle + recency)
    )
    with np.errstate(over="ignore"):
        return np.asarray((np.exp(log_height) @ WEIGHTS) * s * (span / power)[:, 0])


def hyp2f1(a: Float64s | float, b: Float64s | float, c: Float64s | float, z: Float64s) -> Float64s:
    """Gauss's hypergeometric function of (n) arrays by its series, BLOCK terms at a time. 0 <= z < 1."""
    term, total = np.ones_like(z), np.ones_like(z)
    for first in range(0, MOST_TERMS, TERMS_AT_ONCE):
        n = np.arange(first, first + TERMS_AT_ONCE)[:, None]
        terms = term * np.cumprod((a + n) * (b + n) / ((c + n) * (n + 1)) * z, axis=0)
        total, term = total + terms.sum(axis=0), terms[-1]
        if np.all(np.abs(term) <= 1e-12 * np.abs(total)):
            break
    return total


class SpendModel(NamedTuple):
    """Orders of a customer ~ Gamma(p, nu), nu ~ Gamma(q, v) across customers; v in money."""

    p: float
    q: float
    v: float

    @property
    def shop_mean(self) -> float:
        """Money an order, for a customer of whom nothing is known."""
        return self.p * self.v / (self.q - 1)


def expected_spend(model: SpendModel, orders: Float64s, spend: Float64s) -> Float64s:
    """Money of the next order. orders: how many; spend: their mean. Fader and Hardie (2013), eq. 5."""
    own = model.p * orders / (model.p * orders + model.q - 1)
    return np.asarray((1 - own) * model.shop_mean + own * spend)
