"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.candidates import NO_ANCHOR, Candidates, concatenate, neighbours_of
from recommender.next_basket import describe, past_of
from recommender.personal import own_purchases
from recommender.request import Situation

TREND_EXPONENT = 0.15  # what sells twice as fast as it used to counts a tenth more
DEEPEST = 100  # places of the sums that the trees order anew
SHARE = 0  # column of the features: an item's sum over the best one's
LEAST_SHARE = 0.01

Floats = NDArray[np.float32]


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


def ranked(situation: Situation) -> Candidates:
    """The best of `completion`, ordered by trees that know both the cart and the customer's baskets.

    As `completion` has them for somebody without orders, and without trees.
    """
    found, trees = completion(situation), situation.bundle.tables.cart_trees
    head = head_of(situation, found) if len(trees) else None
    if head is None:
        return found
    scores = prior(head.features) + trees.score(head.features)
    return Candidates(head.items, np.exp(scores - scores.max()), head.anchors, head.counts)


class Head(NamedTuple):
    """The best items of `completion`, ascending, what is known of each, (n, features) float32, and what
    speaks loudest for it."""

    items: NDArray[np.int32]
    features: Floats
    anchors: NDArray[np.int32]
    counts: NDArray[np.int32]


def prior(features: Floats) -> Floats:
    """(n): what `completion` says of each, on the scale on which trees add to it."""
    return np.asarray(np.log(features[:, SHARE] + LEAST_SHARE), np.float32)


def head_of(situation: Situation, found: Candidates) -> Head | None:
    """Of what `completion` found and may be shown; None where no order of the customer is known."""
    past = past_of(situation)
    items, which = np.unique(found.items, return_inverse=True)
    allowed = np.ones(len(situation.bundle.tables.products), np.bool_)
    situation.hide(allowed)
    sums = np.bincount(which, found.scores, len(items)).astype(np.float64) * allowed[items]
    best = np.sort(np.argsort(-sums, kind="stable")[:DEEPEST])
    best = best[sums[best] > 0]
    if not len(past.items) or not len(best):
        return None
    loud = np.argsort(found.scores, kind="stable")
    loudest = np.empty(len(items), np.intp)
    loudest[which[loud]] = loud  # of an item's places the last to be written
    columns = _cart_columns(found, which, sums, loudest)
    table = situation.bundle.tables.next_basket
    peers = table.peers.of(situation.bundle.tables.customers.row(situation.request.customer_id))
    described, habits = describe(table, past, peers, situation.today, items[best])
    features = np.column_stack([columns[best], habits[np.searchsorted(described, items[best])]])
    return Head(items[best], features, found.anchors[loudest[best]], found.counts[loudest[best]])


def _cart_columns(
    found: Candidates, which: NDArray[np.intp], sums: NDArray[np.float64], loudest: NDArray[np.intp]
) -> Floats:
    """(n_items, 7) float32: what the cart says of each item. which: the item of each place."""
    together = found.anchors != NO_ANCHOR
    votes = together & (found.scores > 0)
    ease = np.bincount(which, found.scores * together, len(sums))
    voters = np.bincount(which[votes], minlength=len(sums))
    in_cart = max(len(np.unique(found.anchors[together])), 1)
    columns = [
        sums / max(sums.max(initial=0.0), 1e-9),
        sums,
        ease,
        ease / max(ease.max(initial=0.0), 1e-9),
        found.scores[loudest],
        voters / in_cart,
        np.full(len(sums), in_cart),
    ]
    return np.column_stack(columns).astype(np.float32)
