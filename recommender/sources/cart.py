"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from recommender.context.request import Situation
from recommender.kernels.cart import DEEPEST, FEATURES, SHARE, Companions, complete, habits, head
from recommender.kernels.ranking import Floats, Ints, array, compiled
from recommender.model.bundle import Tables
from recommender.model.next_basket_table import PRECOMPUTED_KEPT, PrecomputedRow
from recommender.sources.als import own_purchases
from recommender.sources.candidates import Candidates, room
from recommender.sources.next_basket import next_basket


class Head(NamedTuple):
    """The items of the largest sums, what is known of each, (n, FEATURES) float32, and what speaks loudest
    for it.

    Of the cart: sum over the best one's, sum, EASE's part of it, the same over the best one's, the largest
    vote, share of the cart's products that vote, the cart's size. Of the customer: score and own orders in
    the next basket; own orders, days since the last one, and these over the days that usually lie between.
    Of the product: popularity, trend, rebuys and repeat_rate.
    """

    items: Ints
    features: Floats
    anchors: Ints
    counts: Ints


def companions(tables: Tables) -> Companions:
    """What goes with what, as kernels take it."""
    return tables.companions.columns, tables.next_basket.trend_boost, tables.cart_tuning.item(1)


def head_of(situation: Situation) -> Head | None:
    """Of what completes the cart and may be shown; None where no order of the customer is known."""
    past, tables = own_purchases(situation), situation.bundle.tables
    if not len(past[0]):
        return None
    told, features = np.empty((3, DEEPEST), np.int32), np.empty((DEEPEST, FEATURES), np.float32)
    n = head(companions(tables), situation.cart, past, situation.hidden, told, features)
    if not n:
        return None
    items, anchors, counts = told[:, :n]
    habits(items, _foreseen(situation).columns, past, situation.today, tables.next_basket.figures, features)
    return Head(items, features[:n], anchors, counts)


def _foreseen(situation: Situation) -> Candidates:
    """The next basket: as many as are worked out beforehand."""
    found = next_basket(situation)
    if len(found.items) <= PRECOMPUTED_KEPT:
        return found
    return Candidates.unanchored(
        *PrecomputedRow(found.items, found.scores, found.counts).best(PRECOMPUTED_KEPT)
    )


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
