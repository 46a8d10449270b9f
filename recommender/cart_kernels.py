"""What a cart and its customer's habits say of products, as machine code."""

from __future__ import annotations

import numpy as np
from numba import types

from recommender.kernels import (
    FLOAT_ROWS_OUT,
    FLOATS,
    INT_ROWS_OUT,
    INTS,
    NEVER,
    NOBODY,
    PROPOSALS,
    PROPOSALS_OUT,
    TABLE,
    Floats,
    Ints,
    Proposals,
    Table,
    compiled,
    find_best,
    free_slots,
    seat_all,
    slot_of,
    tuple_of,
)

DEEPEST = 60  # places of the sums that the trees order anew
FEATURES = 16  # see `cart_features.Head`
SHARE = 0  # column of the features: an item's sum over the best one's

Companions = tuple[Table, Floats, float]  # what goes with what, each item's rise, the weight of habit
Orders = tuple[Ints, Ints, Ints]  # of one customer: items, orders, last day
Figures = tuple[Floats, Floats, Floats, Floats, Floats]  # `NextBasket.figures`
COMPANIONS, ORDERS = tuple_of(TABLE, FLOATS, types.float64), tuple_of(INTS, INTS, INTS)
FIGURES = tuple_of(FLOATS, FLOATS, FLOATS, FLOATS, FLOATS)


@compiled((COMPANIONS, INTS, ORDERS, PROPOSALS_OUT))
def complete(companions: Companions, cart: Ints, past: Orders, out: Proposals) -> int:
    """Writes the cart's partners, and what the customer bought, each with its vote (`carts.completion`)."""
    ((offsets, items, weights, together), rise, habit), n = companions, 0
    (found, scores, speakers, counts), (own, orders, _) = out, past
    for anchor in cart:
        for place in range(offsets[anchor], offsets[anchor + 1]):
            found[n], counts[n], speakers[n] = items[place], together[place], anchor
            scores[n] = weights[place] * rise[items[place]]
            n += 1
    for place in range(len(own)):
        found[n], counts[n], speakers[n] = own[place], orders[place], NOBODY
        scores[n] = np.float32(habit * np.log1p(orders[place])) * rise[own[place]]
        n += 1
    return n


@compiled((COMPANIONS, INTS, ORDERS, INTS, INT_ROWS_OUT, FLOAT_ROWS_OUT))
def head(companions: Companions, cart: Ints, past: Orders, hidden: Ints, told: Ints, features: Floats) -> int:
    """Of `complete`, writes the items of the largest sums, as there is room, who speaks loudest for each and
    the count (`told`), and what the cart says of it (`cart_features`). Returns how many."""
    starts = companions[0][0]
    room = len(past[0]) + sum([starts[anchor + 1] - starts[anchor] for anchor in cart])
    items, speakers, counts = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    scores, held, seat = np.empty(room, np.float32), np.empty(room, np.int32), np.empty(room, np.int32)
    n, slots = complete(companions, cart, past, (items, scores, speakers, counts)), free_slots(room)
    seated = seat_all(items, np.empty(0, np.bool_), slots, held, seat, 0)
    (sums, ease, voters), voice = np.zeros((3, seated), np.float32), np.empty(seated, np.int32)
    loudest = np.full(seated, -np.inf, np.float32)
    for place in range(n):
        here, score = seat[place], scores[place]
        sums[here] += score
        if speakers[place] != NOBODY:
            ease[here] += score
            voters[here] += score > 0
        if score >= loudest[here]:
            loudest[here], voice[here] = score, place
    for item in hidden:
        here = slots[slot_of(slots, held, item)]
        if here >= 0:
            sums[here] = 0
    best, n, strongest = told[0], find_best(sums, told[0]), np.float32(1e-9)
    largest = sums[best[0]] if n else np.float32(1)
    for row in range(n):
        strongest = max(strongest, ease[best[row]])
    for row in range(n):
        here, of = best[row], features[row]
        best[row], told[1, row], told[2, row] = held[here], speakers[voice[here]], counts[voice[here]]
        of[0], of[1], of[2], of[3] = sums[here] / largest, sums[here], ease[here], ease[here] / strongest
        of[4], of[5], of[6] = loudest[here], voters[here] / max(len(cart), 1), len(cart)
    return n


@compiled((INTS, PROPOSALS, ORDERS, types.int64, FIGURES, FLOAT_ROWS_OUT))
def habits(
    items: Ints, foreseen: Proposals, past: Orders, today: int, figures: Figures, features: Floats
) -> None:
    """Writes what next basket, past orders and the products' figures say of the items (`cart_features`)."""
    (likely, chances, _, counts), (own, orders, last_day) = foreseen, past
    popularity, trend, rebuys, repeat_rate, repeat_gap = figures
    slots, held, seat = free_slots(len(items)), np.empty(len(items), np.int32), np.empty(len(items), np.int32)
    seat_all(items, np.empty(0, np.bool_), slots, held, seat, 0)
    for row in range(len(items)):
        of, item = features[row], items[row]
        of[7], of[8], of[9], of[10], of[11] = 0, 0, 0, NEVER, -1
        of[12], of[13], of[14], of[15] = popularity[item], trend[item], rebuys[item], repeat_rate[item]
    for place in range(len(likely)):
        row = slots[slot_of(slots, held, likely[place])]
        if row >= 0:
            features[row, 7], features[row, 8] = chances[place], counts[place]
    for place in range(len(own)):
        row = slots[slot_of(slots, held, own[place])]
        if row >= 0:
            days, gap = np.float32(today - last_day[place]), repeat_gap[own[place]]
            features[row, 9], features[row, 10] = orders[place], days
            features[row, 11] = days / max(gap, np.float32(0.5))
