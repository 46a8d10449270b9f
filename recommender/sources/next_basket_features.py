"""What speaks for each product of a customer's next order, as machine code: thirty calls of numpy otherwise,
for each of the hundred thousand customers of a training."""

from __future__ import annotations

import numpy as np
from numba import types

from recommender.kernels.ranking import (
    NEVER,
    NOBODY,
    Floats,
    Ints,
    Places,
    Rates,
    array,
    compiled,
    free_slots,
    nogil_kernel,
    slot_of,
)
from recommender.model.next_basket_table import NextBasket, Past, PeersRow

SHORT_MEMORY = 0.6  # decay of a second personal vector, which the latest baskets rule
ANCHORS = 30  # products of the latest baskets whose partners become candidates
PARTNERS = 40
BEST_SELLERS = 30
RARE = 1e-4  # popularity, beside which peers' wishes are seen
FEATURES = 23
TIFU, COUNT = 0, 1  # columns of the features
OWN, PEERS, SHORT, LIFT, PARTNER = 2, 3, 4, 5, 6
SHARE, SINCE, SINCE_FIRST, DAYS_SINCE, DUE, DUE_FOR_PRODUCT = 7, 8, 9, 10, 11, 12
PRODUCT, CUSTOMER = 13, 17  # four columns of the product's figures; then six of the customer

Lines = tuple[Ints, Ints]  # `Past`
Weighted = tuple[Ints, Floats]  # `PeersRow`
Rows = tuple[Places, Ints, Floats]  # offsets, items, weights
Known = tuple[Rows, Ints, Floats, tuple[Floats, ...]]  # partners, best sellers, blend, figures
PastRows = tuple[Places, Ints, Ints]  # offsets, items, days
Votes = tuple[Ints, Ints, Floats]  # slots of a hash table, items, votes

_ints, _floats = array(types.int32), array(types.float32)
_lines = types.Tuple((_ints, _ints))  # type: ignore[no-untyped-call]
_weighted = types.Tuple((_ints, _floats))  # type: ignore[no-untyped-call]
_rows = types.Tuple((array(types.int64), _ints, _floats))  # type: ignore[no-untyped-call]
_figures = types.UniTuple(_floats, 5)  # type: ignore[no-untyped-call]
_known_types = types.Tuple((_rows, _ints, _floats, _figures))  # type: ignore[no-untyped-call]
_pasts = types.Tuple((array(types.int64), _ints, _ints))  # type: ignore[no-untyped-call]


def describe(table: NextBasket, past: Past, peers: PeersRow, today: int) -> tuple[Ints, Floats]:
    """Candidates (n) int32, ascending, and what speaks for each, (n, FEATURES) float32.

    past: not empty. Candidates: what the customer bought, what the peers buy, what goes with the latest
    baskets, and the best sellers. Columns: what TIFU-KNN says; own orders; its two voices; the own one by
    SHORT_MEMORY; the peers' over the popularity; what goes with the latest baskets; share of the baskets,
    baskets since the last and since the first, days since, and these over the usual gap, own and of the
    product; popularity, trend, rebuys and repeat_rate; the customer's baskets, products in each, share bought
    again, different products, days since an order, and these over the usual gap.
    """
    lines, near = (past.items, past.days), (peers.items, peers.weights)
    return _describe(lines, near, *_known(table), today)


def describe_many(table: NextBasket, customers: Places, today: int) -> tuple[Places, Ints, Floats]:
    """The same of several customers with a past, one after another: (where each begins, and the end)."""
    pasts, peers = table.pasts, table.peers
    lines, near = (pasts.offsets, pasts.items, pasts.days), (peers.offsets, peers.items, peers.weights)
    return _describe_many(customers, lines, near, _known(table), today)


def _known(table: NextBasket) -> Known:
    """Of products alone, as kernels take it."""
    partners = table.partners
    rows, best = (partners.offsets, partners.items, partners.weights), table.best_sellers[:BEST_SELLERS]
    return rows, best, table.blend, table.figures


@compiled((_ints,))
def baskets_since(days: Ints) -> Places:
    """For each line, how many baskets followed its own; a day is a basket. days: ascending, not empty."""
    ages = np.zeros(len(days), np.int64)
    for line in range(len(days) - 2, -1, -1):
        ages[line] = ages[line + 1] + (days[line] != days[line + 1])
    return ages


@compiled((array(types.int64), types.float64))
def personal_weights(ages: Places, decay: float) -> Rates:
    """What each line counts: decay^age, the weights of the past's baskets adding up to 1.

    TIFU-KNN (Hu et al. 2020) with one group: more groups ranked no better on any data tried.
    """
    total, weights = 0.0, np.empty(len(ages))
    for age in range(ages[0] + 1):
        total += decay**age
    for line in range(len(ages)):
        weights[line] = decay ** ages[line] / total
    return weights


@compiled()
def _partners(bought: Ints, short: Rates, rows: Rows) -> Votes:
    """The partners of the products of the latest baskets (different, ascending, with their weights), and
    how much each stands in baskets with them."""
    anchors = np.argsort(-short.astype(np.float32), kind="mergesort")[:ANCHORS]
    room, n = 0, 0
    for anchor in anchors:
        room += rows[0][bought[anchor] + 1] - rows[0][bought[anchor]]
    slots = free_slots(room)
    items, votes = np.empty(room, np.int32), np.zeros(room)
    for anchor in anchors:
        for place in range(rows[0][bought[anchor]], rows[0][bought[anchor] + 1]):
            slot = slot_of(slots, rows[1][place])
            if slots[slot, 1] == NOBODY:
                slots[slot, 0], slots[slot, 1], items[n] = rows[1][place], n, rows[1][place]
                n += 1
            votes[slots[slot, 1]] += rows[2][place] * np.float32(short[anchor])
    return slots, items[:n], votes[:n].astype(np.float32)


@compiled()
def _best(partners: Votes) -> Ints:
    """The PARTNERS items of most votes, of equal ones the smallest, in no order that means anything."""
    _, items, votes = partners
    best, found = np.empty(min(PARTNERS, len(items)), np.int32), 0
    for here in range(len(items)):
        place = min(found, len(best) - 1)
        if found == len(best) and not _before(items, votes, here, best[place]):
            continue
        while place > 0 and _before(items, votes, here, best[place - 1]):
            best[place] = best[place - 1]
            place -= 1
        best[place] = here
        found = min(found + 1, len(best))
    return items[best]


@compiled()
def _before(items: Ints, votes: Floats, one: int, other: int) -> bool:
    return bool(votes[one] > votes[other] or (votes[one] == votes[other] and items[one] < items[other]))


@compiled()
def _write(items: Ints, features: Floats, column: int, some: Weighted) -> None:
    """The weights of some of the items; both ascending, `some` may hold further ones."""
    place = 0
    for row in range(len(items)):
        while place < len(some[0]) and some[0][place] < items[row]:
            place += 1
        there = place < len(some[0]) and some[0][place] == items[row]
        features[row, column] = some[1][place] if there else np.float32(0)


@compiled()
def _write_habits(past: Lines, rows: Places, ages: Places, gaps: Floats, today: int, of: Floats) -> None:
    """How often, how long ago and how regularly the customer bought each. rows: of each line; gaps: the
    products' own."""
    first, last = np.full(len(of), -1), np.full(len(of), -1)
    for line in range(len(rows)):
        row = rows[line]
        of[row, COUNT] += 1
        last[row] = line
        if first[row] < 0:
            first[row] = line
    for row in range(len(of)):
        of[row, SINCE], of[row, SINCE_FIRST], of[row, DAYS_SINCE] = NEVER, NEVER, NEVER
        of[row, DUE], of[row, DUE_FOR_PRODUCT], times = -1, -1, of[row, COUNT]
        of[row, SHARE] = times / (ages[0] + 1)
        if times > 0:
            days = today - past[1][last[row]]
            of[row, SINCE], of[row, SINCE_FIRST] = ages[last[row]], ages[first[row]]
            of[row, DAYS_SINCE], of[row, DUE_FOR_PRODUCT] = days, days / max(gaps[row], np.float32(0.5))
            if times > 1:
                gap = (past[1][last[row]] - past[1][first[row]]) / (times - 1)
                of[row, DUE] = days / max(gap, 0.5)


@compiled()
def _write_customer(days: Ints, baskets: int, distinct: int, today: int, of: Floats) -> None:
    gap, since = (days[-1] - days[0]) / max(baskets - 1, 1), today - days[-1]
    of[:, CUSTOMER], of[:, CUSTOMER + 1] = baskets, len(days) / baskets
    of[:, CUSTOMER + 2], of[:, CUSTOMER + 3] = 1 - distinct / len(days), distinct
    of[:, CUSTOMER + 4], of[:, CUSTOMER + 5] = since, since / max(gap, 0.5)


@compiled((_lines, _weighted, _rows, _ints, _floats, _figures, types.int64))
def _describe(
    past: Lines,
    peers: Weighted,
    rows: Rows,
    best_sellers: Ints,
    blend: Floats,
    figures: tuple[Floats, ...],
    today: int,
) -> tuple[Ints, Floats]:
    bought, ages = np.unique(past[0]), baskets_since(past[1])
    decay, own_share = float(blend[0]), float(blend[1])
    own, short = personal_weights(ages, decay), personal_weights(ages, SHORT_MEMORY)
    latest = np.zeros(len(bought))
    for line, at in enumerate(np.searchsorted(bought, past[0])):
        latest[at] += short[line]
    partners = _partners(bought, latest, rows)
    items = np.unique(np.concatenate((past[0], peers[0], _best(partners), best_sellers)))
    of, at = np.zeros((len(items), FEATURES), np.float32), np.searchsorted(items, past[0])
    sums = np.zeros((2, len(items)))
    for line in range(len(at)):
        sums[0, at[line]] += own[line]
        sums[1, at[line]] += short[line]
    _write(items, of, PEERS, peers)
    for row in range(len(items)):
        near, slot = of[row, PEERS], slot_of(partners[0], items[row])
        if partners[0][slot, 1] != NOBODY:
            of[row, PARTNER] = partners[2][partners[0][slot, 1]]
        of[row, OWN], of[row, SHORT] = sums[0, row], sums[1, row]
        of[row, TIFU] = own_share * sums[0, row] + (1 - own_share) * near
        of[row, LIFT] = near / (figures[0][items[row]] + np.float32(RARE))
        for figure in range(4):
            of[row, PRODUCT + figure] = figures[figure][items[row]]
    _write_habits(past, at, ages, figures[4][items], today, of)
    _write_customer(past[1], ages[0] + 1, len(bought), today, of)
    return items, of


@nogil_kernel((array(types.int64), _pasts, _rows, _known_types, types.int64))
def _describe_many(
    customers: Places, pasts: PastRows, peers: Rows, known: Known, today: int
) -> tuple[Places, Ints, Floats]:
    rows, best_sellers, blend, figures = known
    room, offsets = 0, np.zeros(len(customers) + 1, np.int64)
    for one in customers:
        room += pasts[0][one + 1] - pasts[0][one] + peers[0][one + 1] - peers[0][one]
    room += len(customers) * (PARTNERS + len(best_sellers))
    items, features = np.empty(room, np.int32), np.empty((room, FEATURES), np.float32)
    for place, one in enumerate(customers):
        own, near = slice(pasts[0][one], pasts[0][one + 1]), slice(peers[0][one], peers[0][one + 1])
        lines, wishes = (pasts[1][own], pasts[2][own]), (peers[1][near], peers[2][near])
        found, told = _describe(lines, wishes, rows, best_sellers, blend, figures, today)
        offsets[place + 1] = offsets[place] + len(found)
        items[offsets[place] : offsets[place + 1]] = found
        features[offsets[place] : offsets[place + 1]] = told
    return offsets, items[: offsets[-1]], features[: offsets[-1]]
