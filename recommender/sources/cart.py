"""What completes a cart: what goes with all of it, and what this person buys time and again."""

from typing import NamedTuple

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.context.request import Situation
from recommender.kernels.cart import (
    CART_FEATURES,
    COMPANIONS,
    DEEPEST,
    PRODUCT_FIGURES,
    PURCHASE_COLUMNS,
    SHARE_OF_LARGEST,
    Companions,
    ProductFigures,
    PurchaseColumns,
    complete,
    habits,
    head,
)
from recommender.kernels.compiled import FLOAT32_ROWS, FLOAT32S_OUT, INT32S, array, compiled, tuple_of
from recommender.kernels.ranking import CANDIDATE_COLUMNS, CANDIDATE_COLUMNS_OUT, CandidateColumns
from recommender.kernels.trees import Masks, add_leaves, to_chances
from recommender.model.bundle import Tables
from recommender.sources.als import own_purchases
from recommender.sources.candidates import Candidates, room
from recommender.sources.next_basket import likeliest_next

TreeColumns = tuple[Int32s, Float32s, Masks, Float32s]  # `trees.Trees.columns`
ProductTables = tuple[Companions, ProductFigures, TreeColumns]
TREE_COLUMNS = tuple_of(array(types.int32, 2), FLOAT32_ROWS, array(types.uint32, 2), FLOAT32_ROWS)
PRODUCT_TABLES = tuple_of(COMPANIONS, PRODUCT_FIGURES, TREE_COLUMNS)
LEAST_SHARE_OF_LARGEST = 0.01


class Head(NamedTuple):
    """The items of the largest sums, their features, (n, FEATURES) float32, and the anchor (or NO_ROW) and
    count of the largest vote for each.

    Of the cart: sum over the largest, sum, EASE's part of it, the same over its largest, the largest vote,
    share of the cart's products that vote for it, the cart's size. Of the customer: score and own orders in
    the next basket; own orders, days since the last one, and these over the days that usually lie between.
    Of the product: popularity, trend, rebuys and repeat_rate.
    """

    items: Int32s
    features: Float32s
    anchors: Int32s
    counts: Int32s


def companions(tables: Tables) -> Companions:
    """What goes with what, as kernels take it."""
    return tables.companions.columns, tables.next_basket.trend_boost, tables.cart_tuning.item(1)


def head_of(situation: Situation) -> Head | None:
    """Of what completes the cart and may be shown; None where no order of the customer is known."""
    own, tables = own_purchases(situation), situation.bundle.tables
    if not len(own.items):
        return None
    columns, features = np.empty((3, DEEPEST), np.int32), np.empty((DEEPEST, CART_FEATURES), np.float32)
    n = head(companions(tables), situation.cart, own[:], situation.hidden, columns, features)
    if not n:
        return None
    items, anchors, counts = columns[:, :n]
    basket, figures = likeliest_next(situation).columns, tables.next_basket.figures
    habits(items, basket, own[:], situation.today, figures, features)
    return Head(items, features[:n], anchors, counts)


def completion(situation: Situation) -> Candidates:
    """score(i) = trend(i)^.15 x (sum of B_ci over the cart's c + habit x log(1 + own orders of i)).

    B: EASE (Steck 2019, eq. 8), whose negative weights count against a product. EASE and habit are on one
    scale, so they are one source.
    """
    tables, cart, own = situation.bundle.tables, situation.cart, own_purchases(situation)
    out = room(len(cart) * tables.companions.widest + len(own.items))
    return Candidates.written(out, complete(companions(tables), cart, own[:], out))


def ranked(situation: Situation) -> Candidates:
    """The best of `completion`, ordered by trees over features of the cart, the customer and the products.

    Without trees, or orders of the customer: as `completion`.
    """
    tables, own, out = situation.bundle.tables, own_purchases(situation), room(DEEPEST)
    if not (len(tables.cart_trees) and len(own.items)):
        return completion(situation)
    products = companions(tables), tables.next_basket.figures, tables.cart_trees.columns
    basket = likeliest_next(situation).columns
    n = order_by_trees(products, situation.cart, own[:], situation.hidden, basket, situation.today, out)
    return Candidates.written(out, n) if n else completion(situation)


@compiled((FLOAT32_ROWS, FLOAT32S_OUT))
def start_from_share(features: Float32s, start: Float32s) -> None:
    for row in range(len(start)):
        start[row] = np.log(features[row, SHARE_OF_LARGEST] + np.float32(LEAST_SHARE_OF_LARGEST))


@compiled(
    (
        PRODUCT_TABLES,
        INT32S,
        PURCHASE_COLUMNS,
        INT32S,
        CANDIDATE_COLUMNS,
        types.int64,
        CANDIDATE_COLUMNS_OUT,
    )
)
def order_by_trees(
    products: ProductTables,
    cart: Int32s,
    purchases: PurchaseColumns,
    hidden: Int32s,
    basket: CandidateColumns,
    today: int,
    out: CandidateColumns,
) -> int:
    """Writes the items of `head_of` with their chances by the trees; returns how many.

    In one call: from one kernel to the next by way of the interpreter takes as long as their work.
    """
    goes_with, figures, (splits, thresholds, masks, leaves) = products
    items, scores, anchors, counts = out
    best, features = np.empty((3, DEEPEST), np.int32), np.empty((DEEPEST, CART_FEATURES), np.float32)
    n = head(goes_with, cart, purchases, hidden, best, features)
    if n:
        items[:n], anchors[:n], counts[:n] = best[0, :n], best[1, :n], best[2, :n]
        habits(items[:n], basket, purchases, today, figures, features)
        start_from_share(features[:n], scores[:n])
        add_leaves(splits, thresholds, masks, leaves, features[:n], scores[:n])
        to_chances(scores[:n], np.array([0, n]))
    return n


def prior(features: Float32s) -> Float32s:
    """(n): the share of `completion`, on the scale of the trees' scores."""
    start = np.empty(len(features), np.float32)
    start_from_share(features, start)
    return start
