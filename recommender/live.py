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

from features.log_entry import FIELDS, KINDS
from features.shopper import CART_CHANGES, LOOKS
from recommender.id_map import IdMap
from recommender.kernels import INTS, INTS_OUT, PLACES, Ints, Places, compiled

MOST_SEEN, MOST_CARTED = 10, 200  # looks that count; products of a cart, beyond which `fold` is asked
ADDED, REMOVED, BOUGHT, LOOKED, OTHER = range(5)
LEFT = -1  # instead of a number: to `fold`
RECORD = np.dtype([(name, f"<{code}") for name, code in FIELDS.items()])
_MEANING = dict.fromkeys(LOOKS, LOOKED) | {"purchase": BOUGHT}
_MEANING |= {kind: ADDED if sign > 0 else REMOVED for kind, sign in CART_CHANGES.items()}
MEANINGS = np.array([_MEANING.get(kind, OTHER) for kind in KINDS])

Records = NDArray[np.void]  # of RECORD
BYTES = types.Bytes(types.uint8, 1, "C", readonly=True)


class LiveView(NamedTuple):
    """Rows, int32. viewed: the page's product, then the looks, newest first; cart: newest last."""

    viewed: Ints
    cart: Ints


def live_view(entries: Sequence[bytes], products: IdMap, page: int, since_ms: int) -> LiveView | None:
    """What a log comes to; None where `fold` must be asked.

    entries: newest first, each once; page: the row of its product, or -1; since_ms: training has seen what
    arrived until then.
    """
    log = b"".join(entries)
    if len(log) % RECORD.itemsize:
        return None
    rows = np.empty(MOST_SEEN + MOST_CARTED, np.int32)
    viewed, carted = resolve_log(log, *products.columns, page, since_ms, rows)
    return LiveView(rows[:viewed], rows[MOST_SEEN : MOST_SEEN + carted]) if viewed != LEFT else None


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


@compiled((BYTES, INTS, PLACES, types.int64, types.int64, INTS_OUT))
def resolve_log(
    log: bytes, slots: Ints, hashes: Places, page: int, since_ms: int, rows: Ints
) -> tuple[int, int]:
    """Writes the rows of a `LiveView` to the start of `rows` and behind MOST_SEEN; returns how many of each,
    LEFT for both where it cannot tell. log: records, newest first; slots, hashes: of `IdMap`."""
    records = np.frombuffer(log, RECORD)
    order = _by_time(records)
    for place in order:
        if records[place]["received_ms"] > since_ms and _meaning(records[place]) == BOUGHT:
            return LEFT, LEFT
    rows[0] = page
    viewed = _looks(records, order, slots, hashes, rows[:MOST_SEEN], int(page >= 0))
    carted = _cart(records, order, slots, hashes, rows[MOST_SEEN:])
    return (viewed, carted) if carted != LEFT else (LEFT, LEFT)
