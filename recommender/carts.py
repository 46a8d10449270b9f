"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from __future__ import annotations

import numpy as np

from recommender.candidates import Candidates, concatenate, neighbours_of
from recommender.cart_features import SHARE, Floats, head_of
from recommender.personal import own_purchases
from recommender.request import Situation

LEAST_SHARE = 0.01


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
    return found._replace(scores=found.scores * tables.next_basket.rise[found.items])


def ranked(situation: Situation) -> Candidates:
    """The best of `completion`, ordered by trees that know the cart, the customer's habits and the products.

    As `completion` has them where there are no trees.
    """
    found, trees = completion(situation), situation.bundle.tables.cart_trees
    head = head_of(situation, found) if len(trees) else None
    if head is None:
        return found
    scores = prior(head.features) + trees.score(head.features)
    return Candidates(head.items, np.exp(scores - scores.max()), head.anchors, head.counts)


def prior(features: Floats) -> Floats:
    """(n): what `completion` says of each, on the scale on which trees add to it."""
    return np.asarray(np.log(features[:, SHARE] + LEAST_SHARE), np.float32)
