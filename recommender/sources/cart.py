"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from recommender.context.request import Situation
from recommender.kernels.cart import (
    COMPANIONS,
    DEEPEST,
    FEATURES,
    FIGURES,
    ORDERS,
    SHARE,
    Companions,
    Figures,
    Orders,
    complete,
    habits,
    head,
)
from recommender.kernels.ranking import (
    INTS,
    PROPOSALS,
    PROPOSALS_OUT,
    Floats,
    Ints,
    Proposals,
    array,
    compiled,
    tuple_of,
)
from recommender.kernels.trees import Masks, add_leaves, to_chances
from recommender.model.bundle import Tables
from recommender.model.next_basket_table import PRECOMPUTED_KEPT, PrecomputedRow
from recommender.sources.als import own_purchases
from recommender.sources.candidates import Candidates, room
from recommender.sources.next_basket import next_basket

Trees = tuple[Ints, Floats, Masks, Floats]  # `trees.Trees.columns`
Known = tuple[Companions, Figures, Trees]  # of products
_FLOAT_ROWS = array(types.float32, 2)
TREES = tuple_of(array(types.int32, 2), _FLOAT_ROWS, array(types.uint32, 2), _FLOAT_ROWS)
KNOWN = tuple_of(COMPANIONS, FIGURES, TREES)
LEAST_SHARE = 0.01


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
    habits(items, foreseen(situation).columns, past, situation.today, tables.next_basket.figures, features)
    return Head(items, features[:n], anchors, counts)


def foreseen(situation: Situation) -> Candidates:
    """The next basket: as many as are worked out beforehand."""
    found = next_basket(situation)
    if len(found.items) <= PRECOMPUTED_KEPT:
        return found
    return Candidates.unanchored(
        *PrecomputedRow(found.items, found.scores, found.counts).best(PRECOMPUTED_KEPT)
    )


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
    tables, past, found = situation.bundle.tables, own_purchases(situation), room(DEEPEST)
    if not (len(tables.cart_trees) and len(past[0])):
        return completion(situation)
    known = companions(tables), tables.next_basket.figures, tables.cart_trees.columns
    basket = foreseen(situation).columns
    n = order_by_trees(known, situation.cart, past, situation.hidden, basket, situation.today, found)
    return Candidates.written(found, n) if n else completion(situation)


@compiled((array(types.float32, 2), array(types.float32, out=True)))
def start_from_share(features: Floats, start: Floats) -> None:
    for row in range(len(start)):
        start[row] = np.log(features[row, SHARE] + np.float32(LEAST_SHARE))


@compiled((KNOWN, INTS, ORDERS, INTS, PROPOSALS, types.int64, PROPOSALS_OUT))
def order_by_trees(
    known: Known, cart: Ints, past: Orders, hidden: Ints, basket: Proposals, today: int, out: Proposals
) -> int:
    """Writes the items of `head_of` with their chances by the trees; returns how many.

    In one call: from one kernel to the next by way of the interpreter takes as long as their work.
    """
    (goes_with, figures, (splits, thresholds, masks, leaves)), (items, scores, anchors, counts) = known, out
    best, features = np.empty((3, DEEPEST), np.int32), np.empty((DEEPEST, FEATURES), np.float32)
    n = head(goes_with, cart, past, hidden, best, features)
    if n:
        items[:n], anchors[:n], counts[:n] = best[0, :n], best[1, :n], best[2, :n]
        habits(items[:n], basket, past, today, figures, features)
        start_from_share(features[:n], scores[:n])
        add_leaves(splits, thresholds, masks, leaves, features[:n], scores[:n])
        to_chances(scores[:n], np.array([0, n]))
    return n


def prior(features: Floats) -> Floats:
    """(n): what `completion` says of each, on the scale on which trees add to it."""
    start = np.empty(len(features), np.float32)
    start_from_share(features, start)
    return start
