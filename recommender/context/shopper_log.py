"""A shopper's log in rows of one bundle: what most answers need of it, as machine code.

It says what `features.shopper.fold` says of looks and cart, in less than half the time. A log that tells of
an order that training has not seen is left to `fold`; so is one that it does not understand.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numba import types

from features.live.shopper_state import CART_CHANGES, LOOKS
from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import Purchases
from recommender.kernels.ranking import (
    INTS,
    INTS_OUT,
    PLACES,
    Bytes,
    Ints,
    Places,
    array,
    checksum,
    compiled,
    tuple_of,
)


class LeftToFold(Exception):
    """A log that says more than is told here, or nothing that can be understood."""


MOST_SEEN, MOST_CARTED = 10, 200  # looks that count; products of a cart, beyond which `fold` is asked
HIDDEN = MOST_SEEN + MOST_CARTED  # where they begin, behind these
ADDED, REMOVED, BOUGHT, LOOKED, OTHER = range(5)
SHORTEST, UNREADABLE = 12, -1  # bytes of an entry; where something begins that is not there
NOTHING = 0xC1  # the one byte that begins no MessagePack value
_KINDS = {crc32(b"purchase"): BOUGHT} | {crc32(kind.encode()): LOOKED for kind in LOOKS}
_KINDS |= {crc32(kind.encode()): ADDED if sign > 0 else REMOVED for kind, sign in CART_CHANGES.items()}
_KIND_SUMS, _KIND_CODES = np.array([*_KINDS]), np.array([*_KINDS.values()])
Ids = tuple[Ints, Bytes, Places]  # `IdMap.columns`
Dated = tuple[Places, Ints, Ints]  # `Purchases.columns`

Live = tuple[Ints, Ints, Ints]
"""Rows of what was viewed: the page's product, then the looks, newest first; of the cart, newest last;
of what is hidden: the page's product, the cart, what the question names and what was bought lately."""

Numbers = tuple[int, int, int]  # how many rows of each
Whose = tuple[int, int, int, int]
"""(customer, product, since_ms, rests_since): whose log it is and on which page, rows or -1; training has
seen what arrived until then; what was bought after that day is hidden. Named, they would cost more."""

Log = tuple[bytes, Ids, Dated, Whose, int, Ints]
"""A log as kernels take it: entries, what they are read with, how many rows are hidden for another reason;
these stand in the last, from HIDDEN on, which has room for all that is found."""

_bytes = types.Bytes(types.uint8, 1, "C", readonly=True)
_purchases, _ids = tuple_of(PLACES, INTS, INTS), tuple_of(INTS, array(types.uint8), PLACES)
_whose = types.UniTuple(types.int64, 4)  # type: ignore[no-untyped-call]
LOG = tuple_of(_bytes, _ids, _purchases, _whose, types.int64, INTS_OUT)


def log_of(
    entries: Sequence[bytes], products: IdMap, purchases: Purchases, whose: Whose, named: Sequence[int] = ()
) -> Log:
    """entries: newest first; named: rows that are hidden, too."""
    n = len(named)
    rows = np.empty(HIDDEN + MOST_CARTED + 1 + n + purchases.number(whose[0]), np.int32)
    if named:
        rows[HIDDEN : HIDDEN + n] = named
    return b"".join(entries), products.columns, purchases.columns, whose, n, rows


def live_rows(log: Log) -> Live:
    """What it comes to. Raises LeftToFold."""
    if (found := resolve_log(log))[0] == UNREADABLE:
        raise LeftToFold
    return written(log, found)


def written(log: Log, found: Numbers) -> Live:
    """What `resolve_log` has written: so many of each."""
    (viewed, carted, hidden), rows = found, log[-1]
    return rows[:viewed], rows[MOST_SEEN : MOST_SEEN + carted], rows[HIDDEN : HIDDEN + hidden]


@compiled()
def _unsigned(log: Bytes, at: int, width: int) -> tuple[int, int]:
    """The number in so many bytes, highest first, and where they end, UNREADABLE where they are not there."""
    value, end = 0, at + width
    for place in range(at, min(end, len(log))):
        value = value << 8 | int(log[place])
    return value, end if end <= len(log) else UNREADABLE


@compiled()
def _number(log: Bytes, at: int) -> tuple[float, int]:
    """A MessagePack number and where the next thing begins, UNREADABLE where there is none."""
    kind = log[at] if 0 <= at < len(log) else NOTHING
    if kind < 0x80 or kind >= 0xE0:
        return float(kind if kind < 0x80 else kind - 256), at + 1
    if not 0xCB <= kind <= 0xD3:
        return 0.0, UNREADABLE
    width = 1 << (kind & 3)
    value, end = _unsigned(log, at + 1, width)
    if kind == 0xCB:
        return np.int64(value).view(np.float64), end
    if kind >= 0xD0 and width < 8 and value >> 8 * width - 1:
        value -= 1 << 8 * width
    return float(value), end


@compiled()
def _string(log: Bytes, at: int) -> tuple[int, int]:
    """Where a string begins and ends; nothing (nil) is an empty one."""
    kind, length, begin = log[at] if 0 <= at < len(log) else NOTHING, 0, UNREADABLE
    if kind == 0xC0:
        begin = at + 1
    elif kind & 0xE0 == 0xA0:
        length, begin = kind & 0x1F, at + 1
    elif 0xD9 <= kind <= 0xDB:
        length, begin = _unsigned(log, at + 1, 1 << (kind - 0xD9))
    return (begin, begin + length) if begin >= 0 and begin + length <= len(log) else (0, UNREADABLE)


@compiled()
def _list(log: Bytes, at: int) -> tuple[int, int]:
    """How many there are in an array, and where the first begins."""
    kind, n, begin = log[at] if 0 <= at < len(log) else NOTHING, 0, UNREADABLE
    if kind & 0xF0 == 0x90:
        n, begin = kind & 0x0F, at + 1
    elif 0xDC <= kind <= 0xDD:
        n, begin = _unsigned(log, at + 1, 2 << (kind - 0xDC))
    return (n, begin) if n <= len(log) else (0, UNREADABLE)


@compiled()
def _equal(one: Bytes, at: int, other: Bytes, there: int, length: int) -> bool:
    """Whether the same bytes stand at both places."""
    for place in range(length):  # noqa: SIM110 - no generators in machine code
        if one[at + place] != other[there + place]:
            return False
    return True


@compiled()
def _row(log: Bytes, begin: int, end: int, ids: Ids) -> int:
    """As `IdMap.row` of a product id, -1 where it is not known."""
    slots, names, offsets = ids
    slot = checksum(log, begin, end) & (len(slots) - 1)
    while slots[slot] >= 0:
        name, length = offsets[slots[slot]], offsets[slots[slot] + 1] - offsets[slots[slot]]
        if length == end - begin and _equal(names, name, log, begin, length):
            break
        slot = (slot + 1) & (len(slots) - 1)
    return int(slots[slot])


@compiled()
def _entry(log: Bytes, at: int, since_ms: int, of: Places) -> int:
    """Writes of a `LogEntry` its time, its kind, the number of its products, where they begin and where their
    quantities do. Returns where the entry ends, or UNREADABLE: also where training has not seen an order."""
    fields, at = _list(log, at)
    moment, at = _number(log, at)
    begin, at = _string(log, at)
    kind, of[0], of[1] = checksum(log, begin, at), int(moment), OTHER
    for place in range(len(_KIND_SUMS)):
        if _KIND_SUMS[place] == kind:
            of[1] = _KIND_CODES[place]
    of[2], at = _list(log, at)
    of[3] = at
    for _ in range(of[2]):
        _, at = _string(log, at)
    quantities, at = _list(log, at)
    of[4] = at
    for _ in range(quantities):
        _, at = _number(log, at)
    received, at = _number(log, at)
    _, at = _number(log, at)  # the mark
    for _ in range(6, min(fields, 8)):  # the order, the query
        _, at = _string(log, at)
    for _ in range(8, fields):  # the money
        _, at = _number(log, at)
    return UNREADABLE if (of[1] == BOUGHT and received > since_ms) or quantities != of[2] else at


@compiled()
def _by_time(entries: Places) -> Places:
    """Places of the entries, oldest first; of one time those that came later in the log first."""
    order = np.empty(len(entries), np.int64)
    for n in range(len(entries)):
        entry, place = len(entries) - 1 - n, n
        while place > 0 and entries[order[place - 1], 0] > entries[entry, 0]:
            order[place] = order[place - 1]
            place -= 1
        order[place] = entry
    return order


@compiled()
def _looks(log: Bytes, ids: Ids, entries: Places, order: Places, rows: Ints, n: int) -> int:
    """Writes, after the first n, the distinct rows of the last looks, newest first; returns how many."""
    for entry in order[::-1]:
        _, kind, products, begin, _ = entries[entry]
        for last in range(products if kind == LOOKED else 0, 0, -1):
            at, start = begin, begin
            for _ in range(last):
                start, at = _string(log, at)
            row = _row(log, start, at, ids)
            if row >= 0 and row not in rows[:n]:
                rows[n] = row
                n += 1
                if n == len(rows):
                    return n
    return n


@compiled()
def _comes_again(log: Bytes, entries: Places, ends: Places, order: Places, place: int) -> bool:
    """Whether a later entry of the same time is the same, byte by byte: told twice, it counts once."""
    entry = order[place]
    begin = ends[entry - 1] if entry else 0
    length = ends[entry] - begin
    for other in order[place + 1 :]:
        if entries[other, 0] != entries[entry, 0]:
            break
        there = ends[other - 1] if other else 0
        if ends[other] - there == length and _equal(log, begin, log, there, length):
            return True
    return False


@compiled()
def _cart(log: Bytes, ids: Ids, entries: Places, ends: Places, order: Places, rows: Ints) -> int:
    """Writes the rows of what is in the cart, newest last; returns how many, UNREADABLE: too many."""
    n, amounts = 0, np.empty(len(rows))
    for place in range(len(order)):
        _, kind, products, at, quantities = entries[order[place]]
        if kind > BOUGHT or _comes_again(log, entries, ends, order, place):
            continue
        for _ in range(products):
            start, at = _string(log, at)
            quantity, quantities = _number(log, quantities)
            row, before = _row(log, start, at, ids), 0.0
            for held in range(n):
                if rows[held] == row:  # what changed last comes last
                    before = amounts[held]
                    rows[held : n - 1], amounts[held : n - 1] = rows[held + 1 : n], amounts[held + 1 : n]
                    n -= 1
                    break
            if row >= 0 and kind != BOUGHT:
                if n == len(rows):
                    return UNREADABLE
                rows[n], amounts[n] = row, max(before + (quantity if kind == ADDED else -quantity), 0.0)
                n += 1
    kept = 0
    for place in range(n):
        if amounts[place] > 0:
            rows[kept] = rows[place]
            kept += 1
    return kept


@compiled()
def _replayed(log: Bytes, ids: Ids, since_ms: int, product: int, rows: Ints) -> tuple[int, int]:
    """Writes the rows of what was looked at and, after MOST_SEEN, of the cart; returns how many of each,
    UNREADABLE where it cannot tell. log: of `LogEntry`, newest first, one after another."""
    most, at, n = len(log) // SHORTEST + 1, 0, 0
    entries, ends = np.empty((most, 5), np.int64), np.empty(most, np.int64)
    while at < len(log):
        at = _entry(log, at, since_ms, entries[n]) if n < most else UNREADABLE
        if at < 0:
            return UNREADABLE, 0
        ends[n] = at
        n += 1
    order, rows[0] = _by_time(entries[:n]), product
    carted = _cart(log, ids, entries, ends, order, rows[MOST_SEEN:HIDDEN])
    seen = _looks(log, ids, entries, order, rows[:MOST_SEEN], int(product >= 0))
    return (seen, carted) if carted >= 0 else (UNREADABLE, 0)


@compiled((LOG,))
def resolve_log(log: Log) -> Numbers:
    """Writes the rows of `Live`; returns how many of each, UNREADABLE for the first where it cannot tell."""
    entries, ids, (offsets, items, last_day), (customer, product, since_ms, rests_since), n, rows = log
    viewed, carted = _replayed(entries, ids, since_ms, product, rows)
    hidden = rows[HIDDEN:]
    hidden[n : n + carted] = rows[MOST_SEEN : MOST_SEEN + carted]
    n += carted
    if product >= 0:
        hidden[n] = product
        n += 1
    for place in range(offsets[customer], offsets[customer + 1] if customer >= 0 else 0):
        if last_day[place] > rests_since:
            hidden[n] = items[place]
            n += 1
    return viewed, carted, n
