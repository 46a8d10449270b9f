"""What speaks for each product of a customer's next order, as machine code: thirty calls of numpy otherwise,
for each of the hundred thousand customers of a training."""

from __future__ import annotations

import numpy as np
from numba import types

from recommender.kernels import NEVER, Floats, Ints, Places, Rates, array, compiled
from recommender.next_basket_table import NextBasket, Past, PeersRow

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

_ints, _floats = array(types.int32), array(types.float32)
_lines = types.Tuple((_ints, _ints))  # type: ignore[no-untyped-call]
_weighted = types.Tuple((_ints, _floats))  # type: ignore[no-untyped-call]
_rows = types.Tuple((array(types.int64), _ints, _floats))  # type: ignore[no-untyped-call]
_figures = types.UniTuple(_floats, 5)  # type: ignore[no-untyped-call]


def describe(table: NextBasket, past: Past, peers: PeersRow, today: int) -> tuple[Ints, Floats]:
    """Candidates (n) int32, ascending, and what speaks for each, (n, FEATURES) float32.

    past: not empty. Candidates: what the customer bought, what the peers buy, what goes with the latest
    baskets, and the best sellers. Columns: what TIFU-KNN says; own orders; its two voices; the own one by
    SHORT_MEMORY; the peers' over the popularity; what goes with the latest baskets; share of the baskets,
    baskets since the last and since the first, days since, and these over the usual gap, own and of the
    product; popularity, trend, rebuys and repeat_rate; the customer's baskets, products in each, share bought
    again, different products, days since an order, and these over the usual gap.
    """
    partners = table.partners
    rows, best = (partners.offsets, partners.items, partners.weights), table.best_sellers[:BEST_SELLERS]
    lines, near = (past.items, past.days), (peers.items, peers.weights)
    return _describe(lines, near, rows, best, table.blend, table.figures, today)


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
def _partners(bought: Ints, short: Rates, rows: Rows) -> Weighted:
    """Of the products of the latest baskets (different, ascending, with their weights) the partners,
    ascending, and how much each stands in baskets with them."""
    anchors = np.argsort(-short.astype(np.float32), kind="mergesort")[:ANCHORS]
    room = 0
    for anchor in anchors:
        room += rows[0][bought[anchor] + 1] - rows[0][bought[anchor]]
    items, votes, n = np.empty(room, np.int32), np.empty(room), 0
    for anchor in anchors:
        for place in range(rows[0][bought[anchor]], rows[0][bought[anchor] + 1]):
            items[n], votes[n] = rows[1][place], rows[2][place] * np.float32(short[anchor])
            n += 1
    found = np.unique(items)
    sums = np.zeros(len(found))
    for place, at in enumerate(np.searchsorted(found, items)):
        sums[at] += votes[place]
    return found, sums.astype(np.float32)


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
    best = partners[0][np.argsort(-partners[1], kind="mergesort")[:PARTNERS]]
    items = np.unique(np.concatenate((past[0], peers[0], best, best_sellers)))
    of, at = np.zeros((len(items), FEATURES), np.float32), np.searchsorted(items, past[0])
    sums = np.zeros((2, len(items)))
    for line in range(len(at)):
        sums[0, at[line]] += own[line]
        sums[1, at[line]] += short[line]
    _write(items, of, PEERS, peers)
    _write(items, of, PARTNER, partners)
    for row in range(len(items)):
        near = of[row, PEERS]
        of[row, OWN], of[row, SHORT] = sums[0, row], sums[1, row]
        of[row, TIFU] = own_share * sums[0, row] + (1 - own_share) * near
        of[row, LIFT] = near / (figures[0][items[row]] + np.float32(RARE))
        for figure in range(4):
            of[row, PRODUCT + figure] = figures[figure][items[row]]
    _write_habits(past, at, ages, figures[4][items], today, of)
    _write_customer(past[1], ages[0] + 1, len(bought), today, of)
    return items, of
