"""What the trees know of each product that may complete a cart: gathered, nothing is worked out anew."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommender.bundle import Tables
from recommender.candidates import Candidates
from recommender.cart_kernels import DEEPEST, FEATURES, Companions, habits, head
from recommender.kernels import Floats, Ints
from recommender.next_basket import next_basket
from recommender.next_basket_table import FORESEEN_KEPT, ForeseenRow
from recommender.personal import own_purchases
from recommender.request import Situation


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
    return tables.companions.columns, tables.next_basket.rise, tables.cart_tuning.item(1)


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
    if len(found.items) <= FORESEEN_KEPT:
        return found
    return Candidates.unanchored(*ForeseenRow(found.items, found.scores, found.counts).best(FORESEEN_KEPT))
