"""What a cart and its customer's habits say of products."""

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.arrays.id_map import NO_ROW
from recommender.kernels.compiled import (
    FLOAT32_ROWS_OUT,
    FLOAT32S,
    INT32_ROWS_OUT,
    INT32S,
    compiled,
    tuple_of,
)
from recommender.kernels.item_table import new_table, number_items, slot_of
from recommender.kernels.ranking import (
    CANDIDATE_COLUMNS,
    CANDIDATE_COLUMNS_OUT,
    NEIGHBOUR_COLUMNS,
    CandidateColumns,
    NeighbourColumns,
    find_best,
)

DEEPEST = 60  # of the items with the largest sums, so many are ordered by the trees
CART_FEATURES = 16  # columns of the features: see `sources.cart.Head`
SHARE_OF_LARGEST = 0  # the first: an item's sum over the largest
NEVER_BOUGHT = 9999.0  # instead of the days, or baskets, since an order that there was not

Companions = tuple[NeighbourColumns, Float32s, float]  # neighbours, each item's trend_boost, habit_weight
PurchaseColumns = tuple[Int32s, Int32s, Int32s]  # of `als.OwnPurchases`
AnchorVotes = tuple[Int32s, Int32s, Float32s]
"""An item table; and by an item's number (n, 4) the item, how many anchors vote for it, the anchor of its
largest vote and the position among that anchor's partners; and (n, 2) their sum and the largest."""
ProductFigures = tuple[Float32s, Float32s, Float32s, Float32s, Float32s]  # `NextBasket.figures`
COMPANIONS = tuple_of(NEIGHBOUR_COLUMNS, FLOAT32S, types.float64)
PURCHASE_COLUMNS, PRODUCT_FIGURES = tuple_of(INT32S, INT32S, INT32S), tuple_of(*[FLOAT32S] * 5)


@compiled((COMPANIONS, INT32S, PURCHASE_COLUMNS, CANDIDATE_COLUMNS_OUT))
def complete(companions: Companions, cart: Int32s, purchases: PurchaseColumns, out: CandidateColumns) -> int:
    """Writes the cart's partners, and what the customer bought, each with its score; returns how many.

    See `sources.cart.completion`.
    """
    ((offsets, partners, weights, together), trend_boost, habit_weight), n = companions, 0
    (items, scores, anchors, counts), (own, orders, _) = out, purchases
    for anchor in cart:
        for entry in range(offsets[anchor], offsets[anchor + 1]):
            items[n], counts[n], anchors[n] = partners[entry], together[entry], anchor
            scores[n] = weights[entry] * trend_boost[partners[entry]]
            n += 1
    for line in range(len(own)):
        items[n], counts[n], anchors[n] = own[line], orders[line], NO_ROW
        scores[n] = np.float32(habit_weight * np.log1p(orders[line])) * trend_boost[own[line]]
        n += 1
    return n


@compiled()
def _add_votes(
    items: Int32s, weights: Float32s, trend_boost: Float32s, anchor: int, votes: AnchorVotes, n: int
) -> int:
    """Adds one anchor's votes, weight times trend_boost, to those of n items; returns how many items now."""
    table, evidence, sums = votes
    for position in range(len(items)):
        item = items[position]
        vote, slot = weights[position] * trend_boost[item], slot_of(table, item)
        number = table[slot, 1]
        if number == NO_ROW:  # most items get one vote alone
            number, table[slot, 0], table[slot, 1] = n, item, n
            sums[number, 0], sums[number, 1] = vote, vote
            evidence[number, 0], evidence[number, 1] = item, vote > 0
            evidence[number, 2], evidence[number, 3] = anchor, position
            n += 1
        else:
            sums[number, 0] += vote
            evidence[number, 1] += vote > 0
            if vote >= sums[number, 1]:
                sums[number, 1], evidence[number, 2], evidence[number, 3] = vote, anchor, position
    return n


@compiled((COMPANIONS, INT32S, PURCHASE_COLUMNS, INT32S, INT32_ROWS_OUT, FLOAT32_ROWS_OUT))
def head(
    companions: Companions,
    cart: Int32s,
    purchases: PurchaseColumns,
    hidden: Int32s,
    columns: Int32s,
    features: Float32s,
) -> int:
    """Writes the items of `complete` with the largest sums, as many as there is room for, the anchor of the
    largest vote for each and its count (`columns`, (3, k)), and the first features; returns how many."""
    (offsets, partners, weights, together), trend_boost, habit_weight = companions
    (own, orders, _), room = purchases, len(purchases[0])
    for anchor in cart:
        room += offsets[anchor + 1] - offsets[anchor]
    votes, n = (new_table(room), np.empty((room, 4), np.int32), np.empty((room, 2), np.float32)), 0
    table, evidence, vote_sums = votes
    for anchor in cart:
        row = slice(offsets[anchor], offsets[anchor + 1])
        n = _add_votes(partners[row], weights[row], trend_boost, anchor, votes, n)
    cart_sums, voters, of_cart = vote_sums[:n, 0].copy(), evidence[:n, 1].copy(), n
    habit_votes = (habit_weight * np.log1p(orders)).astype(np.float32)
    n = _add_votes(own, habit_votes, trend_boost, NO_ROW, votes, n)
    sums = vote_sums[:n, 0].copy()
    for item in hidden:
        number = table[slot_of(table, item), 1]
        if number != NO_ROW:
            sums[number] = 0
    best, largest = columns[0], np.float32(1e-9)
    n_best = find_best(sums, best)
    for rank in range(n_best):
        if best[rank] < of_cart:
            largest = max(largest, cart_sums[best[rank]])
    for rank in range(n_best):
        number, of = best[rank], features[rank]
        item, _, anchor, position = evidence[number]
        columns[0, rank], columns[1, rank] = item, anchor
        columns[2, rank] = orders[position] if anchor == NO_ROW else together[offsets[anchor] + position]
        of[1], of[4] = sums[number], vote_sums[number, 1]
        of[2] = cart_sums[number] if number < of_cart else 0
        of[5], of[6] = voters[number] / len(cart) if number < of_cart else 0, len(cart)
        of[0], of[3] = of[1] / features[0, 1], of[2] / largest
    return n_best


@compiled((INT32S, CANDIDATE_COLUMNS, PURCHASE_COLUMNS, types.int64, PRODUCT_FIGURES, FLOAT32_ROWS_OUT))
def habits(
    items: Int32s,
    next_basket: CandidateColumns,
    purchases: PurchaseColumns,
    today: int,
    figures: ProductFigures,
    features: Float32s,
) -> None:
    """Writes the features of the items that come from the next basket, past orders and product figures."""
    (likely, scores, _, counts), (own, orders, last_day) = next_basket, purchases
    popularity, trend, rebuys, repeat_rate, repeat_gap = figures
    table, n = new_table(len(items)), len(items)
    distinct, numbers = np.empty((2, n), np.int32)
    number_items(items, np.empty(0, np.bool_), table, distinct, numbers, 0)
    for row in range(n):
        of, item = features[row], items[row]
        of[7], of[8], of[9], of[10], of[11] = 0, 0, 0, NEVER_BOUGHT, -1
        of[12], of[13], of[14], of[15] = popularity[item], trend[item], rebuys[item], repeat_rate[item]
    for position in range(len(likely)):
        row = table[slot_of(table, likely[position]), 1]
        if row >= 0:
            features[row, 7], features[row, 8] = scores[position], counts[position]
    for line in range(len(own)):
        row = table[slot_of(table, own[line]), 1]
        if row >= 0:
            days, gap = np.float32(today - last_day[line]), repeat_gap[own[line]]
            features[row, 9], features[row, 10] = orders[line], days
            features[row, 11] = days / max(gap, np.float32(0.5))
