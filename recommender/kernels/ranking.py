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

import recommender.kernels.compile_cache  # noqa: F401 - before the first kernel

Function = TypeVar("Function", bound=Callable[..., Any])
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]
Rates = NDArray[np.float64]
Flags = NDArray[np.bool_]
Bytes = bytes | NDArray[np.uint8]
Table = tuple[Places, Ints, Floats, Ints]  # columns of `tables.Neighbours`
Proposals = tuple[Ints, Floats, Ints, Ints]  # columns of `candidates.Candidates`

SOURCES = (1, 2, 4)  # as many are blended: three are filled up
LITTLE = np.float32(0.001)  # of two places of a source's item, its own vote decides which speaks for it
SORTED_WHOLE = 100  # from so many of the best on, sorting beats inserting
NEVER = 9999.0  # days since a first order that has not come
NOBODY = -1  # as an anchor: no product speaks for it


def array(kind: types.Type, dimensions: int = 1, *, out: bool = False) -> types.Array:
    return types.Array(kind, dimensions, "C", readonly=not out)


def tuple_of(*parts: types.Type) -> types.Type:
    return types.Tuple(parts)  # type: ignore[no-untyped-call]


INTS, FLOATS, PLACES = array(types.int32), array(types.float32), array(types.int64)
RATES, FLAGS_OUT = array(types.float64), array(types.boolean, out=True)
INTS_OUT, FLOATS_OUT = array(types.int32, out=True), array(types.float32, out=True)
INT_ROWS_OUT, FLOAT_ROWS_OUT = array(types.int32, 2, out=True), array(types.float32, 2, out=True)
TABLE = tuple_of(PLACES, INTS, FLOATS, INTS)
PROPOSALS = tuple_of(INTS, FLOATS, INTS, INTS)
PROPOSALS_OUT = tuple_of(INTS_OUT, FLOATS_OUT, INTS_OUT, INTS_OUT)


def compiled(*signatures: tuple[types.Type, ...]) -> Callable[[Function], Function]:
    """A function of these argument types as machine code; without any, for other kernels alone.

    Written out where it is called: a call counts references to its arrays, which costs as much as its work.
    """
    made = numba.njit(list(signatures) or None, cache=True, error_model="numpy", forceinline=True)
    return cast(Callable[[Function], Function], made)


def _crc_table() -> NDArray[np.int64]:
    """What CRC-32 makes of each byte, by its polynomial (ISO 3309), from the lowest bit on."""
    table = np.arange(256)
    for _ in range(8):
        table = np.where(table & 1, 0xEDB88320 ^ (table >> 1), table >> 1)
    return table


_CRC = _crc_table()


@compiled()
def checksum(of: Bytes, begin: int, end: int) -> int:
    """CRC-32."""
    found = 0xFFFFFFFF
    for place in range(begin, end):
        found = _CRC[(found ^ int(of[place])) & 0xFF] ^ found >> 8
    return found ^ 0xFFFFFFFF


@compiled()
def free_slots(n: int) -> Ints:
    """An empty table for n items, (a power of two, at least twice as many; 2): items and their seats."""
    return np.full((2 << int(np.log2(2 * n + 4)), 2), NOBODY, np.int32)


@compiled()
def slot_of(slots: Ints, item: int) -> int:
    """The slot of an item that has a seat, or the free one where it belongs. Open addressing."""
    last = len(slots) - 1
    slot = (item * 40503) & last
    while slots[slot, 0] != item and slots[slot, 0] != NOBODY:
        slot = (slot + 1) & last
    return slot


@compiled()
def seat_all(items: Ints, allowed: Flags, slots: Ints, held: Ints, seat: Ints, seated: int) -> int:
    """Writes the distinct items, behind the `seated` first ones, and for each place which it has, or -1 where
    that is not allowed; returns how many. allowed: empty where every item is."""
    for place in range(len(items)):
        seat[place] = NOBODY
        if len(allowed) == 0 or allowed[items[place]]:
            slot = slot_of(slots, items[place])
            if slots[slot, 1] == NOBODY:
                slots[slot, 0], slots[slot, 1], held[seated] = items[place], seated, items[place]
                seated += 1
            seat[place] = slots[slot, 1]
    return seated


@compiled()
def find_best(totals: Floats, best: Ints) -> int:
    """Writes where the largest above 0 stand, largest first, of equal ones the first; returns how many."""
    found, k = 0, len(best)
    if k > SORTED_WHOLE:
        for here in np.argsort(-totals, kind="mergesort")[:k]:
            if totals[here] > 0:
                best[found] = here
                found += 1
        return found
    values, least = np.empty(k, np.float32), np.float32(0)  # of the best so far, and of the last one's place
    for here in range(len(totals)):
        value = totals[here]
        if value <= least:
            continue
        place = min(found, k - 1)
        while place > 0 and values[place - 1] < value:
            best[place], values[place] = best[place - 1], values[place - 1]
            place -= 1
        best[place], values[place] = here, value
        found = min(found + 1, k)
        least = values[k - 1] if found == k else least
    return found


@compiled()
def _ranked(
    proposals: tuple[Proposals, ...], weights: Rates, allowed: Flags, told: Ints, totals: Floats
) -> int:
    n = 0
    for items, _, _, _ in proposals:
        n += len(items)
    slots, seated, heard = free_slots(n), 0, np.float32(0)
    held, seat = np.empty((2, n), np.int32)
    votes, loudest = np.zeros((2, n), np.float32)
    voice, at = np.empty((2, n), np.int32)  # of each item the source and place of the loudest
    for source in range(len(weights)):
        items, scores, _, _ = proposals[source]
        seated = seat_all(items, allowed, slots, held, seat, seated)
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
    found = find_best(votes[:seated], told[0])
    for rank in range(found):
        here = told[0, rank]
        _, _, speakers, counts = proposals[voice[here]]
        total = min(votes[here] / heard, np.float32(1))  # votes that all but cancel out are rounded coarsely
        told[0, rank], told[1, rank], totals[rank] = held[here], voice[here], total
        told[2, rank], told[3, rank] = speakers[at[here]], counts[at[here]]
    return found


@compiled(*[(tuple_of(*[PROPOSALS] * n), RATES, FLAGS_OUT, INTS, INT_ROWS_OUT, FLOATS_OUT) for n in SOURCES])
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


@compiled((TABLE, INTS, RATES, types.int64, PROPOSALS_OUT))
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


def nogil_kernel(*signatures: tuple[types.Type, ...]) -> Callable[[Function], Function]:
    """As `kernels.compiled`, without the interpreter's lock. Not for answers: to get that back may take
    milliseconds."""
    return cast(Any, numba.njit(list(signatures) or None, nogil=True, cache=True, error_model="numpy"))  # type: ignore[no-any-return]
