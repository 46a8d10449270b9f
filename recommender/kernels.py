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
Flags = NDArray[np.bool_]
Table = tuple[Places, Ints, Floats, Ints]  # columns of `tables.Neighbours`
Proposals = tuple[Ints, Floats, Ints, Ints]  # columns of `candidates.Candidates`
Orders = tuple[Ints, Ints, Ints]  # of one customer: items, orders, last day

LITTLE = np.float32(0.001)  # of two places of a source's item, its own vote decides which speaks for it
SORTED_WHOLE = 100  # from so many of the best on, sorting beats inserting
NEVER = 9999.0  # days since a first order that has not come
NOBODY = -1  # as an anchor: no product speaks for it


def array(kind: types.Type, dimensions: int = 1, *, out: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not out)


def _tuple(*parts: types.Type) -> types.Type:
    return types.Tuple(parts)  # type: ignore[no-untyped-call]


_ints, _floats, _places = array(types.int32), array(types.float32), array(types.int64)
_flags, _rates = array(types.boolean), array(types.float64)
_ints_out, _floats_out = array(types.int32, out=True), array(types.float32, out=True)
_floats_rows_out = array(types.float32, 2, out=True)
_number, _whole = types.float64, types.int64
_table = _tuple(_places, _ints, _floats, _ints)
_proposals = _tuple(_ints, _floats, _ints, _ints)
_ranking_out = _tuple(_ints_out, _floats_out, _ints_out, _ints_out, _ints_out)
_foreseen, _orders = _tuple(_ints, _floats, _ints), _tuple(_ints, _ints, _ints)
_proposals_out = _tuple(_ints_out, _floats_out, _ints_out, _ints_out)


def compiled(*arguments: types.Type) -> Callable[[Function], Function]:
    """A function of these argument types as machine code; without any, for other kernels alone."""
    signatures = [arguments] if arguments else None
    return cast(Any, numba.njit(signatures, cache=True, error_model="numpy"))  # type: ignore[no-any-return]


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
def _seated(items: Ints, allowed: Flags, slots: Ints, held: Ints, seat: Ints) -> int:
    """Writes the distinct items, as they come, and for each place which of them it has; returns how many.

    allowed: empty where every item is; the place of another has -1.
    """
    seated = 0
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


@compiled(_proposals, _places, _rates, _flags, _ranking_out)
def rank(
    proposals: Proposals,
    starts: Places,
    weights: NDArray[np.float64],
    allowed: Flags,
    out: tuple[Ints, Floats, Ints, Ints, Ints],
) -> int:
    """Adds up what the sources say, each scaled so that its best allowed item counts its weight.

    proposals: of all sources, one behind the other; starts: where each begins, and the end. Within one, an
    item's scores add up; it says nothing of an item whose sum is not above 0. Writes the best distinct items,
    as many as there is room for, their totals (1 where every source that says anything has the item first)
    and of the proposal that speaks loudest for each the source, the speaker and the count; returns how many.
    """
    (items, scores, speakers, counts), (best, totals, sources, said_by, figures) = proposals, out
    slots, held, seat = _slots(len(items)), np.empty(len(items), np.int32), np.empty(len(items), np.int32)
    seated = _seated(items, allowed, slots, held, seat)
    votes, loudest = np.zeros(seated, np.float32), np.zeros(seated, np.float32)
    voice, heard, told_by = np.zeros(seated, np.int32), np.float32(0), np.zeros(seated, np.int32)
    for source in range(len(weights)):
        sums, peak = np.zeros(seated, np.float32), np.float32(0)
        for place in range(starts[source], starts[source + 1]):
            if seat[place] >= 0:
                sums[seat[place]] += scores[place]
        for here in range(seated):
            peak = max(peak, sums[here])
        if peak <= 0:
            continue
        share = np.float32(weights[source]) / peak
        heard += np.float32(weights[source])
        for place in range(starts[source], starts[source + 1]):
            here = seat[place]
            if here >= 0 and sums[here] > 0:
                vote = scores[place] * share
                votes[here] += vote
                loud = sums[here] * share + LITTLE * vote
                if loud > loudest[here]:
                    loudest[here], voice[here], told_by[here] = loud, place, source
    found = _best(votes, best)
    for place in range(found):
        here = best[place]
        best[place], totals[place], sources[place] = held[here], votes[here] / heard, told_by[here]
        said_by[place], figures[place] = speakers[voice[here]], counts[voice[here]]
    return found


@compiled(_table, _places, _rates, _whole, _proposals_out)
def gather(
    table: Table,
    anchors: Places,
    loudness: NDArray[np.float64],
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


@compiled(_table, _places, _floats, _number, _proposals_out)
def onward(
    table: Table,
    viewed: Places,
    habits: Floats,
    faint: float,
    out: Proposals,
) -> int:
    """Writes what follows on the looks, and the pull of what was looked at before; see `sessions.step`."""
    (offsets, items, weights, together), (found, scores, speakers, counts) = table, out
    (fade, back, again), n, loudness, sum_of_all = habits, 0, np.float32(1), 0.0
    for age in range(len(viewed)):
        if age and loudness <= faint:
            break
        for place in range(offsets[viewed[age]], offsets[viewed[age] + 1]):
            if items[place] != viewed[0]:
                found[n], counts[n], speakers[n] = items[place], together[place], viewed[age]
                scores[n] = weights[place] * loudness
                sum_of_all += scores[n]
                n += 1
        loudness *= fade
    for age in range(1, len(viewed)):
        pull = np.float32((back if age == 1 else again) * sum_of_all)
        if pull > 0:
            found[n], scores[n], speakers[n], counts[n] = viewed[age], pull, viewed[age], 0
            n += 1
    return n


@compiled(_table, _floats, _places, _orders, _number, _proposals_out)
def complete(
    table: Table,
    rise: Floats,
    cart: Places,
    past: Orders,
    habit: float,
    out: Proposals,
) -> int:
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


@compiled(_ints, _floats, _ints, _ints, _whole, _ints_out, _ints_out, _floats_rows_out)
def head(
    items: Ints,
    scores: Floats,
    speakers: Ints,
    hidden: Ints,
    in_cart: int,
    best: Ints,
    voices: Ints,
    features: Floats,
) -> int:
    """Writes the `len(best)` items of the largest sums above 0, the places that speak loudest for them, and
    what the cart says of them (see `cart_features`); returns how many."""
    slots, held, seat = _slots(len(items)), np.empty(len(items), np.int32), np.empty(len(items), np.int32)
    seated = _seated(items, np.empty(0, np.bool_), slots, held, seat)
    sums, ease, voters = np.zeros(seated, np.float32), np.zeros(seated, np.float32), np.zeros(seated)
    loudest, voice = np.full(seated, -np.inf, np.float32), np.zeros(seated, np.int32)
    for place in range(len(items)):
        here, score = seat[place], scores[place]
        sums[here] += score
        if speakers[place] != NOBODY:
            ease[here] += score
            voters[here] += score > 0
        if score >= loudest[here]:
            loudest[here], voice[here] = score, place
    for item in hidden:
        slot = _find(slots, held, item)
        if slots[slot] >= 0:
            sums[slots[slot]] = 0
    found, strongest = _best(sums, best), np.float32(1e-9)
    largest = sums[best[0]] if found else np.float32(1)
    for row in range(found):
        strongest = max(strongest, ease[best[row]])
    for row in range(found):
        here = best[row]
        best[row], voices[row], of = held[here], voice[here], features[row]
        of[0], of[1], of[2], of[3] = sums[here] / largest, sums[here], ease[here], ease[here] / strongest
        of[4], of[5], of[6] = loudest[here], voters[here] / max(in_cart, 1), in_cart
    return found


@compiled(_ints, _foreseen, _orders, _whole, _floats, _floats_rows_out)
def habits(
    items: Ints,
    foreseen: tuple[Ints, Floats, Ints],
    past: Orders,
    today: int,
    repeat_gap: Floats,
    features: Floats,
) -> None:
    """Writes what the customer's next basket and past orders say of the items (see `cart_features`)."""
    (likely, chances, counts), (own, orders, last_day) = foreseen, past
    slots, held, seat = _slots(len(items)), np.empty(len(items), np.int32), np.empty(len(items), np.int32)
    _seated(items, np.empty(0, np.bool_), slots, held, seat)
    for row in range(len(items)):
        of = features[row]
        of[7], of[8], of[9], of[10], of[11] = 0, 0, 0, NEVER, -1
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
