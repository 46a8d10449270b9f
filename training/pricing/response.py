"""How sales answer a price: elasticities per product, pulled towards their category's and the shop's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
STEPS, CLOSE, TOO_WIDE = 25, 1e-6, 1.5
USUAL, USUAL_SPREAD = -1.5, 1.5
"""What is believed of a shop before its history: most goods lose 1.5 % of sales for a price 1 % higher."""
LEAST_MOVE, LEAST_WEEKS = 0.03, 3


class Weeks(NamedTuple):
    """One product's weeks on sale, (n): mean price paid, orders or units, and those of the rest of
    the shop."""

    price: Numbers
    quantity: Numbers
    shop: Numbers


class Elasticity(NamedTuple):
    """Per cent of sales a per cent of price, and its standard error; error inf: nothing learned."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        return self.value - 1.96 * self.error, self.value + 1.96 * self.error

    @property
    def tells(self) -> bool:
        """Whether the data says anything worth acting on: which way sales go, or that they hardly do."""
        low, high = self.interval
        return high - low < TOO_WIDE or high < 0


UNKNOWN = Elasticity(USUAL, float("inf"))


def usual_price(weeks: Weeks) -> float:
    """The median: sales are shorter than what they interrupt."""
    return float(np.median(weeks.price))


def elasticity(weeks: Weeks) -> Elasticity:
    """Poisson regression of units on log price, by the shop's week; UNKNOWN where the price hardly moved.

    The error is widened by how much more than Poisson the weeks scatter. What the shop as a whole sells in a
    week stands for season and advertising, so that a sale in December is not praised for Christmas.
    """
    moved = (
        np.abs(np.log(weeks.price / usual_price(weeks))) >= LEAST_MOVE if len(weeks.price) else np.zeros(0)
    )
    if min(moved.sum(), (1 - moved).sum()) < LEAST_WEEKS or not weeks.quantity.sum():
        return UNKNOWN
    x = np.stack([np.ones(len(weeks.price)), np.log(weeks.price / usual_price(weeks))], axis=1)
    offset = np.log(np.maximum(weeks.shop, 1) / np.maximum(weeks.shop, 1).mean())
    beta = np.array([np.log(weeks.quantity.mean()), 0.0])
    for _ in range(STEPS):
        expected = np.exp(np.clip(x @ beta + offset, -20, 20))
        curvature = x.T @ (x * expected[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, x.T @ (weeks.quantity - expected))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < CLOSE:
            break
    scatter = ((weeks.quantity - expected) ** 2 / np.maximum(expected, 1e-9)).sum() / max(
        len(expected) - 2, 1
    )
    error = np.sqrt(np.linalg.inv(curvature)[1, 1] * max(1.0, float(scatter)))
    return Elasticity(float(beta[1]), float(error)) if np.isfinite(error) else UNKNOWN


def shrunk(
    found: dict[str, Elasticity], category: dict[str, str]
) -> tuple[dict[str, Elasticity], dict[str, Elasticity]]:
    """(product -> elasticity, category -> elasticity), all of them: what is unknown is its category's.

    Normal means at two levels: products about their category, categories about the shop, which is itself
    about USUAL; spread between products after DerSimonian and Laird (1986).
    """
    known = {product: each for product, each in found.items() if np.isfinite(each.error)}
    between = spread_between(list(known.values()))
    shop = pooled([*known.values()], Elasticity(USUAL, USUAL_SPREAD), between)
    prior = Elasticity(shop.value, float(np.hypot(shop.error, between)))
    categories = {
        name: pooled([each for product, each in known.items() if category[product] == name], prior, between)
        for name in sorted(set(category.values()))
    }
    return {
        product: _one(each, categories[category[product]], between) for product, each in found.items()
    }, categories


def pooled(found: list[Elasticity], prior: Elasticity, between: float) -> Elasticity:
    """The mean of what these are drawn from, after a prior."""
    weights = [1 / prior.error**2, *(1 / (each.error**2 + between**2) for each in found)]
    values = [prior.value, *(each.value for each in found)]
    total = sum(weights)
    return Elasticity(sum(w * v for w, v in zip(weights, values, strict=True)) / total, float(total**-0.5))


def spread_between(found: list[Elasticity]) -> float:
    """Standard deviation of true elasticities; half a unit where two are not enough to tell."""
    if len(found) < 3:
        return 0.5
    weights = np.array([1 / each.error**2 for each in found])
    values = np.array([each.value for each in found])
    excess = float((weights * (values - np.average(values, weights=weights)) ** 2).sum()) - (len(found) - 1)
    room = float(weights.sum() - (weights**2).sum() / weights.sum())
    return float(np.sqrt(max(excess / room, 0.05**2)))


def _one(found: Elasticity, category: Elasticity, between: float) -> Elasticity:
    prior = float(np.hypot(category.error, between))
    if not np.isfinite(found.error):
        return Elasticity(category.value, prior)
    share = prior**2 / (prior**2 + found.error**2)
    return Elasticity(share * found.value + (1 - share) * category.value, float(np.sqrt(share) * found.error))
