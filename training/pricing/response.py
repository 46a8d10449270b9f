"""Price elasticities of products, shrunk towards those of their category and of the shop."""

from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s

NEWTON_STEPS, CLOSE, TOO_WIDE = 25, 1e-6, 1.5
PRIOR_ELASTICITY, PRIOR_SPREAD = -1.5, 1.5
"""Prior of a shop's elasticity: most goods lose 1.5 % of sales for a price 1 % higher."""
LEAST_MOVE, LEAST_WEEKS = 0.03, 3


class Weeks(NamedTuple):
    """One product's weeks in the shop, (n) each: price paid, its orders or units, those of all others."""

    price: Float64s
    quantity: Float64s
    shop: Float64s


class Elasticity(NamedTuple):
    """Change of sales in per cent for a price 1 % higher, and its standard error; inf: nothing learned."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        return self.value - 1.96 * self.error, self.value + 1.96 * self.error

    @property
    def is_conclusive(self) -> bool:
        """Whether the interval is narrow, or surely below 0."""
        low, high = self.interval
        return high - low < TOO_WIDE or high < 0


NOTHING_LEARNED = Elasticity(PRIOR_ELASTICITY, float("inf"))


def usual_price(weeks: Weeks) -> float:
    """The median price: sales are shorter than the time between them."""
    return float(np.median(weeks.price))


def elasticity(weeks: Weeks) -> Elasticity:
    """Poisson regression of units on log price, with the shop's week as offset.

    NOTHING_LEARNED where the price hardly moved. The error is widened for overdispersion. The offset,
    what the rest of the shop sells in a week, removes season and advertising, so that Christmas is not taken
    for the effect of a sale in December.
    """
    moved = (
        np.abs(np.log(weeks.price / usual_price(weeks))) >= LEAST_MOVE if len(weeks.price) else np.zeros(0)
    )
    if min(moved.sum(), (1 - moved).sum()) < LEAST_WEEKS or not weeks.quantity.sum():
        return NOTHING_LEARNED
    x = np.stack([np.ones(len(weeks.price)), np.log(weeks.price / usual_price(weeks))], axis=1)
    offset = np.log(np.maximum(weeks.shop, 1) / np.maximum(weeks.shop, 1).mean())
    beta = np.array([np.log(weeks.quantity.mean()), 0.0])
    for _ in range(NEWTON_STEPS):
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
    return Elasticity(float(beta[1]), float(error)) if np.isfinite(error) else NOTHING_LEARNED


def shrunk_elasticities(
    estimates: dict[str, Elasticity], category: dict[str, str]
) -> tuple[dict[str, Elasticity], dict[str, Elasticity]]:
    """(product -> elasticity, category -> elasticity). A product without an estimate gets its category's.

    Normal means at two levels: products about their category, categories about the shop, which is itself
    about PRIOR_ELASTICITY; spread between products after DerSimonian and Laird (1986).
    """
    learned = {product: each for product, each in estimates.items() if np.isfinite(each.error)}
    between = spread_between(list(learned.values()))
    shop = pooled([*learned.values()], Elasticity(PRIOR_ELASTICITY, PRIOR_SPREAD), between)
    prior = Elasticity(shop.value, float(np.hypot(shop.error, between)))
    categories = {
        name: pooled([each for product, each in learned.items() if category[product] == name], prior, between)
        for name in sorted(set(category.values()))
    }
    return {
        product: _shrunk_product(each, categories[category[product]], between)
        for product, each in estimates.items()
    }, categories


def pooled(estimates: list[Elasticity], prior: Elasticity, between: float) -> Elasticity:
    """Posterior of the mean of the distribution that these elasticities are drawn from."""
    weights = [1 / prior.error**2, *(1 / (each.error**2 + between**2) for each in estimates)]
    values = [prior.value, *(each.value for each in estimates)]
    total = sum(weights)
    return Elasticity(sum(w * v for w, v in zip(weights, values, strict=True)) / total, float(total**-0.5))


def spread_between(estimates: list[Elasticity]) -> float:
    """Standard deviation of true elasticities; half a unit where two are not enough to tell."""
    if len(estimates) < 3:
        return 0.5
    weights = np.array([1 / each.error**2 for each in estimates])
    values = np.array([each.value for each in estimates])
    mean, degrees = np.average(values, weights=weights), len(estimates) - 1
    excess = float((weights * (values - mean) ** 2).sum()) - degrees
    room = float(weights.sum() - (weights**2).sum() / weights.sum())
    return float(np.sqrt(max(excess / room, 0.05**2)))


def _shrunk_product(own: Elasticity, category: Elasticity, between: float) -> Elasticity:
    prior = float(np.hypot(category.error, between))
    if not np.isfinite(own.error):
        return Elasticity(category.value, prior)
    share = prior**2 / (prior**2 + own.error**2)
    return Elasticity(share * own.value + (1 - share) * category.value, float(np.sqrt(share) * own.error))
