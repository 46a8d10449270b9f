"""Which discounts earned, and which gave margin away."""

from typing import Literal, NamedTuple

import numpy as np

from training.pricing.response import LEAST_MOVE, Elasticity, Weeks, usual_price

NO_COST = "Its cost is unknown: import costs with the catalogue."
DiscountVerdict = Literal["earned", "gave_away", "cannot_tell"]


class Discount(NamedTuple):
    """The discounts of one product, over all its weeks below the usual price. gained: money compared with
    selling at the usual price, with the ends of its 95 % interval; depth: mean share taken off."""

    verdict: DiscountVerdict
    gained: float
    low: float
    high: float
    weeks: int
    depth: float
    text: str


def discount(weeks: Weeks, cost: float | None, elasticity: Elasticity) -> Discount | None:
    """None if the product was never below its usual price. cost: of a unit; where it is None, the verdict can
    only be that the discount gave margin away, if it did so at any cost."""
    usual = usual_price(weeks)
    below = np.log(weeks.price / usual) <= -LEAST_MOVE
    if not below.any():
        return None
    price, quantity = weeks.price[below], weeks.quantity[below]
    count, depth = int(below.sum()), float((1 - price / usual).mean())

    def gained(value: float) -> float:
        """Without the discount, (usual / price)^elasticity of these units would have been sold."""
        instead, unit = quantity * (usual / price) ** value, cost or 0.0
        return float((quantity * (price - unit) - instead * (usual - unit)).sum())

    low, high = sorted(gained(end) for end in elasticity.interval)
    if cost is None and (high >= 0 or elasticity.interval[1] > 0):
        return Discount("cannot_tell", 0.0, 0.0, 0.0, count, depth, NO_COST)
    verdict = _verdict(elasticity, low, high)
    text = _text(verdict, gained(elasticity.value), low, high) + (" Before its cost." if cost is None else "")
    return Discount(verdict, gained(elasticity.value), low, high, count, depth, text)


def break_even(usual: float, cost: float, depth: float) -> float:
    """The elasticity below which a discount of this depth pays; -inf if its price is at or below cost."""
    left = usual * (1 - depth) - cost
    if left <= 0 or not 0 < depth < 1:
        return float("-inf")
    return float(np.log((usual - cost) / left) / np.log(1 - depth))


def _verdict(elasticity: Elasticity, low: float, high: float) -> DiscountVerdict:
    if high < 0:
        return "gave_away"
    return "earned" if low > 0 and elasticity.is_conclusive else "cannot_tell"


def _text(verdict: DiscountVerdict, gained: float, low: float, high: float) -> str:
    span = f"between {low:+.2f} and {high:+.2f}"
    if verdict == "earned":
        return f"It earned {gained:.2f} more than the usual price would have ({span})."
    if verdict == "gave_away":
        return f"It gave {-gained:.2f} of margin away: it did not sell enough more ({span})."
    return f"The data cannot tell: {span}. A longer sale, or another depth, would."
