"""A shopper's log in rows of one bundle: what most answers need of it, as machine code.

Of what was looked at and what is in the cart it says what `features.shopper.fold` says, in less than half the
time. A log that says more, of an order that training has not seen, is left to `fold`; so is one that it does
not understand.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

import numpy as np
from numba import types
from numpy.typing import NDArray

from features.shopper import CART_CHANGES, LOOKS, ShopperLog
from recommender.id_map import IdMap
from recommender.kernels import Ints, Places, array, compiled

MOST_SEEN, MOST_CARTED = 10, 200  # looks that count; products of a cart, beyond which `fold` is asked
ADDED, REMOVED, BOUGHT, LOOKED, OTHER = range(5)
SHORTEST = 12  # bytes of an entry
UNREADABLE = -1  # where something begins that is not there
NOTHING = 0xC1  # the one byte that begins no MessagePack value
_KINDS = {crc32(b"purchase"): BOUGHT} | {crc32(kind.encode()): LOOKED for kind in LOOKS}
_KINDS |= {crc32(kind.encode()): ADDED if sign > 0 else REMOVED for kind, sign in CART_CHANGES.items()}
_KIND_SUMS, _KIND_CODES = np.array([*_KINDS]), np.array([*_KINDS.values()])


def _crc_table() -> Places:
    """Of each byte, by CRC-32's polynomial (ISO 3309), from the lowest bit on."""
    table = np.arange(256)
    for _ in range(8):
        table = np.where(table & 1, 0xEDB88320 ^ (table >> 1), table >> 1)
    return table


_CRC = _crc_table()
Bytes = bytes | NDArray[np.uint8]
Ids = tuple[Ints, Bytes, Places]  # `IdMap.columns`
Bought = tuple[Places, Ints, Ints]  # `Purchases.columns`
_bytes = types.Bytes(types.uint8, 1, "C", readonly=True)
_purchases = types.Tuple((array(types.int64), array(types.int32), array(types.int32)))  # type: ignore[no-untyped-call]
_ids = types.Tuple((array(types.int32), array(types.uint8), array(types.int64)))  # type: ignore[no-untyped-call]


class Live(NamedTuple):
    """seen: rows of what was looked at, newest first; cart: rows of what is in it, newest last."""

    seen: list[int]
    cart: list[int]


def live_rows(log: ShopperLog, products: IdMap, since_ms: int) -> Live | None:
    """None: `log.fold()` knows. since_ms: training has seen what arrived until then."""
    if not log.entries:
        return Live([], [])
    rows = np.empty(MOST_SEEN + MOST_CARTED, np.int32)
    seen, carted = _replay(b"".join(log.entries), products.columns, since_ms, rows)
    if seen == UNREADABLE:
        return None
    found = rows[: MOST_SEEN + carted].tolist()
    return Live(found[:seen], found[MOST_SEEN:])


@compiled()
def _unsigned(log: Bytes, at: int, width: int) -> int:
    """The number in so many bytes, highest first."""
    value = 0
    for place in range(at, at + width):
        value = value << 8 | int(log[place])
    return value


@compiled()
def _number(log: Bytes, at: int) -> tuple[float, int]:
    """A MessagePack number and where the next thing begins, UNREADABLE where there is none."""
    kind = log[at] if 0 <= at < len(log) else NOTHING
    if kind < 0x80 or kind >= 0xE0:
        return float(kind if kind < 0x80 else kind - 256), at + 1
    width = 1 << (kind & 3)
    if kind == 0xCB and at + 9 <= len(log):
        return np.int64(_unsigned(log, at + 1, 8)).view(np.float64), at + 9
    if not 0xCC <= kind <= 0xD3 or at + 1 + width > len(log):
        return 0.0, UNREADABLE
    value = _unsigned(log, at + 1, width)
    if kind >= 0xD0 and width < 8 and log[at + 1] & 0x80:
        value -= 1 << 8 * width
    return float(value), at + 1 + width


@compiled()
def _long(log: Bytes, at: int, width: int) -> tuple[int, int]:
    """A length of so many bytes, and where what it is of begins."""
    if at + 1 + width > len(log):
        return 0, UNREADABLE
    return _unsigned(log, at + 1, width), at + 1 + width


@compiled()
def _string(log: Bytes, at: int) -> tuple[int, int]:
    """Where a string begins and ends; nothing (nil) is an empty one."""
    kind, length, begin = log[at] if 0 <= at < len(log) else NOTHING, 0, UNREADABLE
    if kind == 0xC0:
        begin = at + 1
    elif kind & 0xE0 == 0xA0:
        length, begin = kind & 0x1F, at + 1
    elif 0xD9 <= kind <= 0xDB:
        length, begin = _long(log, at, 1 << (kind - 0xD9))
    return (begin, begin + length) if begin >= 0 and begin + length <= len(log) else (0, UNREADABLE)


@compiled()
def _list(log: Bytes, at: int) -> tuple[int, int]:
    """How many there are in an array, and where the first begins."""
    kind, n, begin = log[at] if 0 <= at < len(log) else NOTHING, 0, UNREADABLE
    if kind & 0xF0 == 0x90:
        n, begin = kind & 0x0F, at + 1
    elif 0xDC <= kind <= 0xDD:
        n, begin = _long(log, at, 2 << (kind - 0xDC))
    return (n, begin) if n <= len(log) else (0, UNREADABLE)


@compiled()
def _sum(log: Bytes, begin: int, end: int) -> int:
    """CRC-32."""
    found = 0xFFFFFFFF
    for place in range(begin, end):
        found = _CRC[(found ^ int(log[place])) & 0xFF] ^ found >> 8
    return found ^ 0xFFFFFFFF


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
    slot = _sum(log, begin, end) & (len(slots) - 1)
    while slots[slot] >= 0:
        name, length = offsets[slots[slot]], offsets[slots[slot] + 1] - offsets[slots[slot]]
        if length == end - begin and _equal(names, name, log, begin, length):
            break
        slot = (slot + 1) & (len(slots) - 1)
    found: int = slots[slot]
    return found


@compiled()
def _entry(log: Bytes, at: int, since_ms: int, of: Places) -> int:
    """Writes of a `LogEntry` its time, its kind, the number of its products, where they begin and where their
    quantities do. Returns where the entry ends, or UNREADABLE: also where training has not seen an order."""
    fields, at = _list(log, at)
    moment, at = _number(log, at)
    begin, at = _string(log, at)
    kind, of[0], of[1] = _sum(log, begin, at), int(moment), OTHER
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
    for _ in range(6, fields):  # the order, the query
        _, at = _string(log, at)
    unseen = of[1] == BOUGHT and received > since_ms
    return UNREADABLE if unseen or quantities != of[2] else at


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
def _looks(log: Bytes, ids: Ids, entries: Places, order: Places, rows: Ints) -> int:
    """Writes the distinct rows of what was looked at last, newest first; returns how many."""
    n = 0
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


@compiled((_bytes, _ids, types.int64, array(types.int32, out=True)))
def _replay(log: Bytes, ids: Ids, since_ms: int, rows: Ints) -> tuple[int, int]:
    """Writes MOST_SEEN rows of what was looked at and then those of the cart; returns how many of each,
    UNREADABLE where it cannot tell. log: of `LogEntry`, newest first, one after another."""
    most, at, n = len(log) // SHORTEST + 1, 0, 0
    entries, ends = np.empty((most, 5), np.int64), np.empty(most, np.int64)
    while at < len(log):
        at = _entry(log, at, since_ms, entries[n]) if n < most else UNREADABLE
        if at < 0:
            return UNREADABLE, 0
        ends[n] = at
        n += 1
    order = _by_time(entries[:n])
    carted = _cart(log, ids, entries, ends, order, rows[MOST_SEEN:])
    return (_looks(log, ids, entries, order, rows[:MOST_SEEN]), carted) if carted >= 0 else (UNREADABLE, 0)


@compiled((_purchases, types.int64, types.int64, types.int64, array(types.int32, out=True)))
def resting(purchases: Bought, customer: int, since: int, n: int, out: Ints) -> int:
    """Writes, after the first n, what a customer bought after a day; returns how many there are then."""
    offsets, items, last_day = purchases
    for place in range(offsets[customer], offsets[customer + 1]):
        if last_day[place] > since:
            out[n] = items[place]
            n += 1
    return n
