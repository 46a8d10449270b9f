"""A shopper's log in rows of one bundle: what most answers need of it, in one loop over its records.

It says what `features.shopper.fold` says of looks and cart, in less than half the time. A log that tells of
an order that training has not seen is left to `fold`; so is a damaged one, or a very long cart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from features.live.log_entry import FIELDS, KINDS
from features.live.shopper_state import CART_CHANGES, LOOKS
from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import Purchases
from recommender.kernels.ranking import INTS, INTS_OUT, PLACES, Ints, Places, compiled, tuple_of

MOST_SEEN, MOST_CARTED = 10, 200  # looks that count; products of a cart, beyond which `fold` is asked
HIDDEN = MOST_SEEN + MOST_CARTED  # where they begin, behind these
ADDED, REMOVED, BOUGHT, LOOKED, OTHER = range(5)
LEFT = -1  # instead of a number: to `fold`
RECORD = np.dtype([(name, f"<{code}") for name, code in FIELDS.items()])
_MEANING = dict.fromkeys(LOOKS, LOOKED) | {"purchase": BOUGHT}
_MEANING |= {kind: ADDED if sign > 0 else REMOVED for kind, sign in CART_CHANGES.items()}
MEANINGS = np.array([_MEANING.get(kind, OTHER) for kind in KINDS])

Records = NDArray[np.void]  # of RECORD
Dated = tuple[Places, Ints, Ints]  # `Purchases.columns`
BYTES, DATED = types.Bytes(types.uint8, 1, "C", readonly=True), tuple_of(PLACES, INTS, INTS)
WHOSE = tuple_of(*[types.int64] * 4)


class LiveView(NamedTuple):
    """Rows, int32. viewed: the page's product, then the looks, newest first; cart: newest last; hidden: what
    the question names, the cart, the page's product and what was bought lately."""

    viewed: Ints
    cart: Ints
    hidden: Ints


class Whose(NamedTuple):
    """Whose log it is, on which page: rows or -1. Training has seen what arrived until `since_ms`; what was
    bought after the day `rests_since` is hidden."""

    customer: int
    page: int
    since_ms: int
    rests_since: int


def live_view(
    entries: Sequence[bytes], products: IdMap, purchases: Purchases, whose: Whose, named: Sequence[int] = ()
) -> LiveView | None:
    """What a log comes to; None where `fold` must be asked.

    entries: newest first, each once; named: rows that are hidden, too.
    """
    log, n = b"".join(entries), len(named)
    if len(log) % RECORD.itemsize:
        return None
    rows = np.empty(HIDDEN + n + MOST_CARTED + 1 + purchases.number(whose.customer), np.int32)
    if n:
        rows[HIDDEN : HIDDEN + n] = named
    viewed, carted, hidden = resolve_log(log, *products.columns, purchases.columns, whose[:], n, rows)
    if viewed == LEFT:
        return None
    return LiveView(rows[:viewed], rows[MOST_SEEN : MOST_SEEN + carted], rows[HIDDEN : HIDDEN + hidden])


@compiled()
def _row(product: int, slots: Ints, hashes: Places) -> int:
    """As `IdMap.row` of a product's hash, -1 where it is not known."""
    slot = product & (len(slots) - 1)
    while slots[slot] >= 0 and hashes[slots[slot]] != product:
        slot = (slot + 1) & (len(slots) - 1)
    return int(slots[slot])


@compiled()
def _by_time(log: Records) -> Places:
    """Places of the lines, oldest first; of one time those that came later in the log first."""
    lines, place, n = np.empty(len(log), np.int64), 0, 0
    while place < len(log):
        lines[len(log) - 1 - n] = place
        place += 1 + log[place]["names"]
        n += 1
    oldest_first = lines[len(log) - n :]
    return oldest_first[np.argsort(log["at_ms"][oldest_first], kind="mergesort")]


@compiled()
def _meaning(line: np.void) -> int:
    return int(MEANINGS[line["kind"]]) if line["kind"] < len(MEANINGS) else OTHER


@compiled()
def _looks(log: Records, order: Places, slots: Ints, hashes: Places, rows: Ints, n: int) -> int:
    """Writes, after the first n, the distinct rows of the last looks, newest first; returns how many."""
    for place in order[::-1]:
        row = _row(log[place]["product"], slots, hashes) if _meaning(log[place]) == LOOKED else -1
        if row >= 0 and row not in rows[:n]:
            rows[n] = row
            n += 1
            if n == len(rows):
                break
    return n


@compiled()
def _cart(log: Records, order: Places, slots: Ints, hashes: Places, rows: Ints) -> int:
    """Writes the rows of what is in the cart, newest last; returns how many, LEFT: too many."""
    n, amounts = 0, np.empty(len(rows))
    for place in order:
        line, meaning = log[place], _meaning(log[place])
        row = _row(line["product"], slots, hashes) if meaning <= BOUGHT else -1
        if row < 0:
            continue
        before = 0.0
        for held in range(n):
            if rows[held] == row:  # what changed last comes last
                before = amounts[held]
                rows[held : n - 1], amounts[held : n - 1] = rows[held + 1 : n], amounts[held + 1 : n]
                n -= 1
                break
        if meaning != BOUGHT:
            if n == len(rows):
                return LEFT
            change = line["quantity"] if meaning == ADDED else -line["quantity"]
            rows[n], amounts[n] = row, max(before + change, 0.0)
            n += 1
    kept = 0
    for held in range(n):
        if amounts[held] > 0:
            rows[kept] = rows[held]
            kept += 1
    return kept


@compiled((BYTES, INTS, PLACES, DATED, WHOSE, types.int64, INTS_OUT))
def resolve_log(
    log: bytes, slots: Ints, hashes: Places, dated: Dated, whose: tuple[int, ...], named: int, rows: Ints
) -> tuple[int, int, int]:
    """Writes the rows of a `LiveView` to the start of `rows`, behind MOST_SEEN, and from HIDDEN on behind so
    many that are `named`; returns how many of each, LEFT for the first where it cannot tell.

    log: records, newest first; slots, hashes: of `IdMap`; dated: `Purchases.columns`; whose: a `Whose`, which
    named would cost more.
    """
    (offsets, bought, last_day), (customer, page, since_ms, rests_since) = dated, whose
    records = np.frombuffer(log, RECORD)
    order = _by_time(records)
    for place in order:
        if records[place]["received_ms"] > since_ms and _meaning(records[place]) == BOUGHT:
            return LEFT, 0, 0
    carted = _cart(records, order, slots, hashes, rows[MOST_SEEN:HIDDEN])
    if carted == LEFT:
        return LEFT, 0, 0
    rows[0], hidden, n = page, rows[HIDDEN:], named + carted
    viewed = _looks(records, order, slots, hashes, rows[:MOST_SEEN], int(page >= 0))
    hidden[named:n] = rows[MOST_SEEN : MOST_SEEN + carted]
    if page >= 0:
        hidden[n] = page
        n += 1
    for place in range(offsets[customer], offsets[customer + 1] if customer >= 0 else 0):
        if last_day[place] > rests_since:
            hidden[n] = bought[place]
            n += 1
    return viewed, carted, n
