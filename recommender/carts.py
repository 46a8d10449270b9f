"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from __future__ import annotations

import numpy as np
from numba import types

from recommender.candidates import Candidates, room
from recommender.cart_features import companions, head_of
from recommender.cart_kernels import SHARE, complete
from recommender.kernels import Floats, array, compiled
from recommender.personal import own_purchases
from recommender.request import Situation

LEAST_SHARE = 0.01


def completion(situation: Situation) -> Candidates:
    """score(i) = trend(i)^.15 x (sum of B_ci over the cart's c + habit x log(1 + own orders of i)).

    B: EASE (Steck 2019, eq. 8), whose negative weights speak against a product. EASE and habit are on one
    scale, so they are one source.
    """
    tables, cart = situation.bundle.tables, situation.cart
    past = own_purchases(situation)
    found = room(len(cart) * tables.companions.widest + len(past[0]))
    return Candidates.written(found, complete(companions(tables), cart, past, found))


def ranked(situation: Situation) -> Candidates:
    """The best of `completion`, ordered by trees that know the cart, the customer's habits and the products.

    As `completion` has them where there are no trees.
    """
    trees = situation.bundle.tables.cart_trees
    head = head_of(situation) if len(trees) else None
    if head is None:
        return completion(situation)
    chances = trees.chances(head.features, prior(head.features))
    return Candidates(head.items, chances, head.anchors, head.counts)


def prior(features: Floats) -> Floats:
    """(n): what `completion` says of each, on the scale on which trees add to it."""
    start = np.empty(len(features), np.float32)
    start_from_share(features, start)
    return start


@compiled((array(types.float32, 2), array(types.float32, out=True)))
def start_from_share(features: Floats, start: Floats) -> None:
    for row in range(len(start)):
        start[row] = np.log(features[row, SHARE] + np.float32(LEAST_SHARE))
