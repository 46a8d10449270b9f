"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from __future__ import annotations

import numpy as np

from recommender.candidates import Candidates, concatenate, neighbours_of
from recommender.personal import own_purchases
from recommender.request import Situation

TREND_EXPONENT = 0.15  # what sells twice as fast as it used to counts a tenth more


def completion(situation: Situation) -> Candidates:
    """score(i) = trend(i)^.15 x (sum of B_ci over the cart's c + habit x log(1 + own orders of i)).

    B: EASE (Steck 2019, eq. 8), whose negative weights speak against a product. EASE and habit are on one
    scale, so they are one source.
    """
    tables, cart = situation.bundle.tables, situation.cart
    items, orders, _ = own_purchases(situation)
    habit = tables.cart_tuning[1] * np.log1p(orders).astype(np.float32)
    together = neighbours_of(tables.companions, cart, [1.0] * len(cart))
    found = concatenate([together, Candidates.unanchored(items, habit, orders)])
    return found._replace(scores=found.scores * tables.next_basket.trend[found.items] ** TREND_EXPONENT)
