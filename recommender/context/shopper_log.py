"""A shopper's log in rows of one bundle: what most answers need of it, in one loop over its records.

It finds the views and the cart that `features.live.shopper_state.fold` finds, in less than half the time. A
log with an order that training has not seen must be folded; so must a damaged one, or one with a long cart.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from features.live.log_entry import KINDS, RECORD_FIELDS
from features.live.shopper_state import CART_CHANGES, VIEW_TYPES
from recommender.arrays.dtypes import Int32s, Int64s
from recommender.arrays.id_map import NO_ROW, IdMap
from recommender.arrays.tables import Purchases
from recommender.kernels.compiled import INT32S, INT32S_OUT, INT64S, compiled, tuple_of

MOST_VIEWED = 10  # the products viewed last
MOST_CARTED = 200  # with more products in the cart the log must be folded
HIDDEN = MOST_VIEWED + MOST_CARTED  # where the hidden rows begin, behind those of views and cart
ADDED, REMOVED, BOUGHT, VIEWED, OTHER = range(5)
UNRESOLVED = -1  # instead of a count: the log must be folded
RECORD_DTYPE = np.dtype([(name, f"<{code}") for name, code in RECORD_FIELDS.items()])
_MEANING = dict.fromkeys(VIEW_TYPES, VIEWED) | {"purchase": BOUGHT}
_MEANING |= {kind: ADDED if sign > 0 else REMOVED for kind, sign in CART_CHANGES.items()}
MEANINGS = np.array([_MEANING.get(kind, OTHER) for kind in KINDS])

Records = NDArray[np.void]  # of RECORD
Bought = tuple[Int64s, Int32s, Int32s, Int32s]  # `Purchases.columns`, and days of rest as in `live_view`
BYTES, BOUGHT_ROWS = types.Bytes(types.uint8, 1, "C", readonly=True), tuple_of(INT64S, *[INT32S] * 3)
LOG_OWNER = tuple_of(*[types.int64] * 4)


class LiveView(NamedTuple):
    """Rows, int32. viewed: the page's product, then those viewed before, newest first; cart: newest last;
    hidden: the `named` rows, the cart, the page's product and what was bought lately."""

    viewed: Int32s
    cart: Int32s
    hidden: Int32s


class LogOwner(NamedTuple):
    """Whose log it is, on which page: rows or NO_ROW. Training has seen what arrived until `since_ms`; today:
    days since 1970."""

    customer: int
    page: int
    since_ms: int
    today: int


def live_view(
    entries: Sequence[bytes],
    products: IdMap,
    purchases: Purchases,
    owner: LogOwner,
    rest: Int32s,
    named: Sequence[int] = (),
) -> LiveView | None:
    """What a log amounts to; None where it must be folded.

    entries: newest first, each once; rest: days for which what was bought is hidden, of each item or (1) of
    all; named: further rows that are hidden.
    """
    log, n = b"".join(entries), len(named)
    if len(log) % RECORD_DTYPE.itemsize:
        return None
    rows = np.empty(HIDDEN + n + MOST_CARTED + 1 + purchases.number(owner.customer), np.int32)
    if n:
        rows[HIDDEN : HIDDEN + n] = named
    bought = (*purchases.columns, rest)
    viewed, carted, hidden = resolve_log(log, *products.columns, bought, owner[:], n, rows)
    if viewed == UNRESOLVED:
        return None
    return LiveView(rows[:viewed], rows[MOST_VIEWED : MOST_VIEWED + carted], rows[HIDDEN : HIDDEN + hidden])


@compiled()
def _row_of_hash(product: int, slots: Int32s, hashes: Int64s) -> int:
    """As `IdMap.row`, by the hash of a product's id."""
    slot = product & (len(slots) - 1)
    while slots[slot] >= 0 and hashes[slots[slot]] != product:
        slot = (slot + 1) & (len(slots) - 1)
    return int(slots[slot])


@compiled()
def _by_time(log: Records) -> Int64s:
    """Positions of the lines' records, oldest first; of one time those that come later in the log first."""
    lines, position, n = np.empty(len(log), np.int64), 0, 0
    while position < len(log):
        lines[len(log) - 1 - n] = position
        position += 1 + log[position]["names"]
        n += 1
    oldest_first = lines[len(log) - n :]
    return oldest_first[np.argsort(log["at_ms"][oldest_first], kind="mergesort")]


@compiled()
def _meaning(line: np.void) -> int:
    return int(MEANINGS[line["kind"]]) if line["kind"] < len(MEANINGS) else OTHER


@compiled()
def _views(log: Records, order: Int64s, slots: Int32s, hashes: Int64s, rows: Int32s, n: int) -> int:
    """Writes, after the first n, the distinct rows that were viewed last, newest first; returns how many."""
    for position in order[::-1]:
        row = (
            _row_of_hash(log[position]["product"], slots, hashes)
            if _meaning(log[position]) == VIEWED
            else NO_ROW
        )
        if row >= 0 and row not in rows[:n]:
            rows[n] = row
            n += 1
            if n == len(rows):
                break
    return n


@compiled()
def _cart(log: Records, order: Int64s, slots: Int32s, hashes: Int64s, rows: Int32s) -> int:
    """Writes the rows in the cart, newest last; returns how many, UNRESOLVED if there is no room for all."""
    n, quantities = 0, np.empty(len(rows))
    for position in order:
        line, meaning = log[position], _meaning(log[position])
        row = _row_of_hash(line["product"], slots, hashes) if meaning <= BOUGHT else NO_ROW
        if row < 0:
            continue
        before = 0.0
        for entry in range(n):
            if rows[entry] == row:  # what changed last comes last
                before = quantities[entry]
                rows[entry : n - 1], quantities[entry : n - 1] = (
                    rows[entry + 1 : n],
                    quantities[entry + 1 : n],
                )
                n -= 1
                break
        if meaning != BOUGHT:
            if n == len(rows):
                return UNRESOLVED
            change = line["quantity"] if meaning == ADDED else -line["quantity"]
            rows[n], quantities[n] = row, max(before + change, 0.0)
            n += 1
    kept = 0
    for entry in range(n):
        if quantities[entry] > 0:
            rows[kept] = rows[entry]
            kept += 1
    return kept


@compiled((BYTES, INT32S, INT64S, BOUGHT_ROWS, LOG_OWNER, types.int64, INT32S_OUT))
def resolve_log(
    log: bytes,
    slots: Int32s,
    hashes: Int64s,
    bought: Bought,
    owner: tuple[int, ...],
    named: int,
    rows: Int32s,
) -> tuple[int, int, int]:
    """Writes the rows of a `LiveView`: viewed to the start of `rows`, the cart from MOST_VIEWED on, hidden
    from HIDDEN on, behind the first `named`. Returns how many of each, or UNRESOLVED as the first.

    log: records, newest first; slots, hashes: of `IdMap`; owner: a `LogOwner` as a plain tuple, which costs
    less at a call.
    """
    (offsets, items, last_day, rest), (customer, page, since_ms, today) = bought, owner
    records = np.frombuffer(log, RECORD_DTYPE)
    order = _by_time(records)
    for position in order:
        if records[position]["received_ms"] > since_ms and _meaning(records[position]) == BOUGHT:
            return UNRESOLVED, 0, 0
    carted = _cart(records, order, slots, hashes, rows[MOST_VIEWED:HIDDEN])
    if carted == UNRESOLVED:
        return UNRESOLVED, 0, 0
    rows[0], hidden, n = page, rows[HIDDEN:], named + carted
    viewed = _views(records, order, slots, hashes, rows[:MOST_VIEWED], int(page >= 0))
    hidden[named:n] = rows[MOST_VIEWED : MOST_VIEWED + carted]
    if page >= 0:
        hidden[n] = page
        n += 1
    for line in range(offsets[customer], offsets[customer + 1] if customer >= 0 else 0):
        if last_day[line] > today - rest[items[line] if len(rest) > 1 else 0]:
            hidden[n] = items[line]
            n += 1
    return viewed, carted, n
