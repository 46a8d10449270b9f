"""The loops of an answer as machine code: one call each, where numpy would need twenty.

Compiled on a machine's first import, seconds once; later ones read the result from `__pycache__`. Results go
into arrays that the caller made: to make one here costs as much as the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Rates = NDArray[np.float64]
Flags = NDArray[np.bool_]
Table = tuple[Places, Ints, Floats, Ints]  # columns of `tables.Neighbours`
Proposals = tuple[Ints, Floats, Ints, Ints]  # columns of `candidates.Candidates`
Orders = tuple[Ints, Ints, Ints]  # of one customer: items, orders, last day

SOURCES = (1, 2, 4)  # as many are blended: three are filled up
LITTLE = np.float32(0.001)  # of two places of a source's item, its own vote decides which speaks for it
SORTED_WHOLE = 100  # from so many of the best on, sorting beats inserting
NEVER = 9999.0  # days since a first order that has not come
NOBODY = -1  # as an anchor: no product speaks for it


def array(kind: types.Type, dimensions: int = 1, *, out: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not out)


def _tuple(*parts: types.Type) -> types.Type:
    return types.Tuple(parts)  # type: ignore[no-untyped-call]


_ints, _floats, _places = array(types.int32), array(types.float32), array(types.int64)
_rates, _flags_out = array(types.float64), array(types.boolean, out=True)
_ints_out, _floats_out = array(types.int32, out=True), array(types.float32, out=True)
_ints_rows_out = array(types.int32, 2, out=True)
_floats_rows_out = array(types.float32, 2, out=True)
TABLE = _tuple(_places, _ints, _floats, _ints)
_proposals = _tuple(_ints, _floats, _ints, _ints)
_foreseen, _orders = _tuple(_ints, _floats, _ints), _tuple(_ints, _ints, _ints)
_figures = _tuple(_floats, _floats, _floats, _floats, _floats)
PROPOSALS_OUT = _tuple(_ints_out, _floats_out, _ints_out, _ints_out)


def compiled(*signatures: tuple[types.Type, ...]) -> Callable[[Function], Function]:
    """A function of these argument types as machine code; without any, for other kernels alone.

    Written out where it is called: a call counts references to its arrays, which costs as much as its work.
    """
    made = numba.njit(list(signatures) or None, cache=True, error_model="numpy", forceinline=True)
    return cast(Callable[[Function], Function], made)


@compiled()
def _slots(n: int) -> Ints:
    """An empty table for n items: a power of two, at least twice as many."""
    return np.full(1 << int(np.log2(2 * n + 4)) + 1, NOBODY, np.int32)


@compiled()
def _find(slots: Ints, held: Ints, item: int) -> int:
    """The slot of an item among `held`, or the free one where it belongs. Open addressing."""
    last = len(slots) - 1
    slot = (item * 40503) & last
    while slots[slot] >= 0 and held[slots[slot]] != item:
        slot = (slot + 1) & last
    return slot


@compiled()
def _seated(items: Ints, allowed: Flags, slots: Ints, held: Ints, seat: Ints, seated: int) -> int:
    """Writes the distinct items, behind the `seated` first ones, and for each place which it has, or -1 where
    that is not allowed; returns how many. allowed: empty where every item is."""
    for place in range(len(items)):
        seat[place] = NOBODY
        if len(allowed) == 0 or allowed[items[place]]:
            slot = _find(slots, held, items[place])
            if slots[slot] < 0:
                slots[slot], held[seated] = seated, items[place]
                seated += 1
            seat[place] = slots[slot]
    return seated


@compiled()
def _best(totals: Floats, best: Ints) -> int:
    """Writes where the largest above 0 stand, largest first, of equal ones the first; returns how many."""
    found, k = 0, len(best)
    if k > SORTED_WHOLE:
        for here in np.argsort(-totals, kind="mergesort")[:k]:
            if totals[here] > 0:
                best[found] = here
                found += 1
        return found
    for here in range(len(totals)):
        if totals[here] <= 0 or (found == k and totals[here] <= totals[best[k - 1]]):
            continue
        place = found if found < k else k - 1
        while place > 0 and totals[best[place - 1]] < totals[here]:
            best[place] = best[place - 1]
            place -= 1
        best[place] = here
        found = min(found + 1, k)
    return found


@compiled()
def _ranked(
    proposals: tuple[Proposals, ...], weights: Rates, allowed: Flags, told: Ints, totals: Floats
) -> int:
    n = 0
    for items, _, _, _ in proposals:
        n += len(items)
    slots, seated, heard = _slots(n), 0, np.float32(0)
    held, seat = np.empty((2, n), np.int32)
    votes, loudest = np.zeros((2, n), np.float32)
    voice, at = np.empty((2, n), np.int32)  # of each item the source and place of the loudest
    for source in range(len(weights)):
        items, scores, _, _ = proposals[source]
        seated = _seated(items, allowed, slots, held, seat, seated)
        sums = np.zeros(seated + 1, np.float32)
        for place in range(len(items)):
            if seat[place] >= 0:
                sums[seat[place]] += scores[place]
        weight, peak = np.float32(weights[source]), sums.max()
        share = weight / peak if peak > 0 else np.float32(0)
        heard += weight if peak > 0 else np.float32(0)
        for place in range(len(items)):
            here = seat[place]
            if here >= 0 and sums[here] > 0:
                vote = scores[place] * share
                votes[here] += vote
                loud = sums[here] * share + LITTLE * vote
                if loud > loudest[here]:
                    loudest[here], voice[here], at[here] = loud, source, place
    found = _best(votes[:seated], told[0])
    for rank in range(found):
        here = told[0, rank]
        _, _, speakers, counts = proposals[voice[here]]
        total = min(votes[here] / heard, np.float32(1))  # votes that all but cancel out are rounded coarsely
        told[0, rank], told[1, rank], totals[rank] = held[here], voice[here], total
        told[2, rank], told[3, rank] = speakers[at[here]], counts[at[here]]
    return found


@compiled(
    *[(_tuple(*[_proposals] * n), _rates, _flags_out, _ints, _ints_rows_out, _floats_out) for n in SOURCES]
)
def rank(
    proposals: tuple[Proposals, ...], weights: Rates, allowed: Flags, hidden: Ints, told: Ints, totals: Floats
) -> int:
    """Adds up what each source proposes, scaled so that its best allowed item counts the source's weight.

    Within a source an item's scores add up; it says nothing of an item whose sum is not above 0. Writes the
    best distinct items, as many as there is room for, and of the proposal that speaks loudest for each the
    source, the speaker and the count (`told`); their totals, 1 where every source that says anything has the
    item first. Returns how many. hidden: not allowed this time; to copy a flag of each of a million products
    would cost more than the answer.
    """
    was = np.empty(len(hidden), np.bool_)
    for place in range(len(hidden)):
        was[place], allowed[hidden[place]] = allowed[hidden[place]], False
    found = _ranked(proposals, weights, allowed, told, totals)
    for place in range(len(hidden) - 1, -1, -1):  # one that is named twice was allowed before the first
        allowed[hidden[place]] = was[place]
    return found


@compiled((TABLE, _ints, _rates, types.int64, PROPOSALS_OUT))
def gather(
    table: Table,
    anchors: Ints,
    loudness: Rates,
    at_most: int,
    out: Proposals,
) -> int:
    """Writes the partners of the anchors, of each `at_most`, each anchor's scores times its loudness."""
    (offsets, items, weights, together), (found, scores, speakers, counts), n = table, out, 0
    for which in range(len(anchors)):
        start, end = offsets[anchors[which]], offsets[anchors[which] + 1]
        for place in range(start, min(end, start + at_most)):
            found[n], counts[n], speakers[n] = items[place], together[place], anchors[which]
            scores[n] = weights[place] * np.float32(loudness[which])
            n += 1
    return n


@compiled((TABLE, _floats, _ints, _orders, types.float64, PROPOSALS_OUT))
def complete(table: Table, rise: Floats, cart: Ints, past: Orders, habit: float, out: Proposals) -> int:
    """Writes the partners of the cart, and what the customer bought, each with its vote; see `carts`."""
    (offsets, items, weights, together), (found, scores, speakers, counts) = table, out
    (own, orders, _), n = past, 0
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


@compiled((TABLE, _floats, _ints, _orders, types.float64, _ints, _ints_rows_out, _floats_rows_out))
def head(
    table: Table,
    rise: Floats,
    cart: Ints,
    past: Orders,
    habit: float,
    hidden: Ints,
    told: Ints,
    features: Floats,
) -> int:
    """Of `complete`, writes the items of the largest sums, as there is room, who speaks loudest for each and
    the count (`told`), and what the cart says of it (`cart_features`). Returns how many."""
    room = len(past[0]) + sum([table[0][anchor + 1] - table[0][anchor] for anchor in cart])
    items, speakers, counts = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    scores, held, seat = np.empty(room, np.float32), np.empty(room, np.int32), np.empty(room, np.int32)
    n, slots = complete(table, rise, cart, past, habit, (items, scores, speakers, counts)), _slots(room)
    seated = _seated(items, np.empty(0, np.bool_), slots, held, seat, 0)
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
        here = slots[_find(slots, held, item)]
        if here >= 0:
            sums[here] = 0
    best, n, strongest = told[0], _best(sums, told[0]), np.float32(1e-9)
    largest = sums[best[0]] if n else np.float32(1)
    for row in range(n):
        strongest = max(strongest, ease[best[row]])
    for row in range(n):
        here, of = best[row], features[row]
        best[row], told[1, row], told[2, row] = held[here], speakers[voice[here]], counts[voice[here]]
        of[0], of[1], of[2], of[3] = sums[here] / largest, sums[here], ease[here], ease[here] / strongest
        of[4], of[5], of[6] = loudest[here], voters[here] / max(len(cart), 1), len(cart)
    return n


@compiled((_ints, _foreseen, _orders, types.int64, _figures, _floats_rows_out))
def habits(
    items: Ints,
    foreseen: tuple[Ints, Floats, Ints],
    past: Orders,
    today: int,
    figures: tuple[Floats, Floats, Floats, Floats, Floats],
    features: Floats,
) -> None:
    """Writes what next basket, past orders and the products' figures say of the items (`cart_features`)."""
    (likely, chances, counts), (own, orders, last_day) = foreseen, past
    popularity, trend, rebuys, repeat_rate, repeat_gap = figures
    slots, held, seat = _slots(len(items)), np.empty(len(items), np.int32), np.empty(len(items), np.int32)
    _seated(items, np.empty(0, np.bool_), slots, held, seat, 0)
    for row in range(len(items)):
        of, item = features[row], items[row]
        of[7], of[8], of[9], of[10], of[11] = 0, 0, 0, NEVER, -1
        of[12], of[13], of[14], of[15] = popularity[item], trend[item], rebuys[item], repeat_rate[item]
    for place in range(len(likely)):
        row = slots[_find(slots, held, likely[place])]
        if row >= 0:
            features[row, 7], features[row, 8] = chances[place], counts[place]
    for place in range(len(own)):
        row = slots[_find(slots, held, own[place])]
        if row >= 0:
            days, gap = np.float32(today - last_day[place]), repeat_gap[own[place]]
            features[row, 9], features[row, 10] = orders[place], days
            features[row, 11] = days / max(gap, np.float32(0.5))
