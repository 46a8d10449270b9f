"""What a cart and its customer's habits say of products, as machine code."""

from __future__ import annotations

import numpy as np
from numba import types

from recommender.kernels.ranking import (
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
Seats = tuple[Ints, Ints, Floats]
"""`free_slots`; of each seat (n, 4) the item, how many products speak for it, who speaks loudest and at which
of its places; and (n, 2) its votes' sum and the largest."""
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


@compiled()
def _hear(items: Ints, worth: Floats, rise: Floats, speaker: int, seats: Seats, seated: int) -> int:
    """Adds one speaker's votes, worth times rise; returns how many items have a seat now."""
    slots, heard, votes = seats
    for place in range(len(items)):
        item = items[place]
        vote, slot = worth[place] * rise[item], slot_of(slots, item)
        here = slots[slot, 1]
        if here == NOBODY:  # most items hear one vote, and need not be found again for it
            here, slots[slot, 0], slots[slot, 1] = seated, item, seated
            votes[here, 0], votes[here, 1] = vote, vote
            heard[here, 0], heard[here, 1], heard[here, 2], heard[here, 3] = item, vote > 0, speaker, place
            seated += 1
        else:
            votes[here, 0] += vote
            heard[here, 1] += vote > 0
            if vote >= votes[here, 1]:
                votes[here, 1], heard[here, 2], heard[here, 3] = vote, speaker, place
    return seated


@compiled((COMPANIONS, INTS, ORDERS, INTS, INT_ROWS_OUT, FLOAT_ROWS_OUT))
def head(companions: Companions, cart: Ints, past: Orders, hidden: Ints, told: Ints, features: Floats) -> int:
    """Of `complete`, writes the items of the largest sums, as there is room, who speaks loudest for each and
    the count (`told`), and what the cart says of it (`cart_features`). Returns how many."""
    ((offsets, items, weights, together), rise, habit), (own, orders, _), n = companions, past, len(past[0])
    for anchor in cart:
        n += offsets[anchor + 1] - offsets[anchor]
    seats, seated = (free_slots(n), np.empty((n, 4), np.int32), np.empty((n, 2), np.float32)), 0
    slots, heard, votes = seats
    for anchor in cart:
        partners = slice(offsets[anchor], offsets[anchor + 1])
        seated = _hear(items[partners], weights[partners], rise, anchor, seats, seated)
    ease, voters, of_cart = votes[:seated, 0].copy(), heard[:seated, 1].copy(), seated
    worth = (habit * np.log1p(orders)).astype(np.float32)
    seated = _hear(own, worth, rise, NOBODY, seats, seated)
    sums = votes[:seated, 0].copy()
    for item in hidden:
        here = slots[slot_of(slots, item), 1]
        if here != NOBODY:
            sums[here] = 0
    best, strongest = told[0], np.float32(1e-9)
    n = find_best(sums, best)
    for row in range(n):
        if best[row] < of_cart:
            strongest = max(strongest, ease[best[row]])
    for row in range(n):
        here, of = best[row], features[row]
        item, _, speaker, place = heard[here]
        told[0, row], told[1, row] = item, speaker
        told[2, row] = orders[place] if speaker == NOBODY else together[offsets[speaker] + place]
        of[1], of[2], of[4] = sums[here], ease[here] if here < of_cart else 0, votes[here, 1]
        of[5], of[6] = voters[here] / len(cart) if here < of_cart else 0, len(cart)
        of[0], of[3] = of[1] / features[0, 1], of[2] / strongest
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
        row = slots[slot_of(slots, likely[place]), 1]
        if row >= 0:
            features[row, 7], features[row, 8] = chances[place], counts[place]
    for place in range(len(own)):
        row = slots[slot_of(slots, own[place]), 1]
        if row >= 0:
            days, gap = np.float32(today - last_day[place]), repeat_gap[own[place]]
            features[row, 9], features[row, 10] = orders[place], days
            features[row, 11] = days / max(gap, np.float32(0.5))
