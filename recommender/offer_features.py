"""What the offer model is told of a customer: what may change an offer's effect, and two chances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.order_models import OrderModel, Summary, p_alive

Numbers = NDArray[np.float64]
FEATURES = ("basket_log", "discount_share", "has_cart")
"""What may change an offer's effect on a customer."""
CHANCES = ("stays", "anyway")
"""That they have not left for good, and that they order within SOON_WEEKS, whatever is offered."""
SOON_WEEKS = 2.0
USUAL_DISCOUNTS, USUAL_ORDERS = 0.6, 4.0
"""A share of discounted orders is pulled towards .15, as if by four orders."""


def features_of(basket: Any, discounted: Any, has_cart: Any) -> dict[str, Any]:
    """By the names of FEATURES; numbers, or arrays of one length. basket: money."""
    return dict(zip(FEATURES, (np.log(basket), discounted, has_cart), strict=True))


def discount_share(discounted: Any, orders: Any) -> Any:
    """Share of orders with a discount, careful while there are few."""
    return (discounted + USUAL_DISCOUNTS) / (orders + USUAL_ORDERS)


def chances_of(model: OrderModel, seen: Summary) -> dict[str, Numbers]:
    """By the names of CHANCES, (n) each. Who leaves within these weeks is left out of account."""
    stays = p_alive(model, seen)
    rate = (model.r + seen.frequency) / (model.alpha + seen.age)
    return dict(zip(CHANCES, (stays, -np.expm1(-SOON_WEEKS * stays * rate)), strict=True))
