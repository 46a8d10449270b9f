"""Candidates of a customer's next order and their features, as machine code: numpy would take thirty calls
for each of the hundred thousand customers of a training."""

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Float64s, Int32s, Int64s
from recommender.arrays.id_map import NO_ROW
from recommender.kernels.cart import NEVER_BOUGHT
from recommender.kernels.compiled import (
    FLOAT32S,
    INT32S,
    INT64S,
    compiled,
    nogil_kernel,
    tuple_of,
)
from recommender.kernels.item_table import new_table, slot_of
from recommender.model.next_basket_table import NextBasket, Past, PeersRow

SHORT_MEMORY = 0.6  # decay of a second personal vector, in which the latest baskets count most
ANCHORS = 30  # products of the latest baskets whose partners become candidates
PARTNERS = 40
BEST_SELLERS_TRIED = 30
RARE = 1e-4  # added to a popularity before something is divided by it
BASKET_FEATURES = 23
TIFU, COUNT = 0, 1  # columns of the features
OWN, PEERS, SHORT, LIFT, PARTNER = 2, 3, 4, 5, 6
BASKET_SHARE, SINCE, SINCE_FIRST, DAYS_SINCE, DUE, DUE_FOR_PRODUCT = 7, 8, 9, 10, 11, 12
PRODUCT, CUSTOMER = 13, 17  # four columns of the product's figures; then six of the customer

Lines = tuple[Int32s, Int32s]  # `Past`: items, days
Weighted = tuple[Int32s, Float32s]  # `PeersRow`: items, weights
WeightedRows = tuple[Int64s, Int32s, Float32s]  # offsets, items, weights
LineRows = tuple[Int64s, Int32s, Int32s]  # offsets, items, days
BasketTables = tuple[
    WeightedRows, Int32s, Float32s, tuple[Float32s, ...]
]  # partners, best sellers, blend, figures
PartnerVotes = tuple[Int32s, Int32s, Float32s]  # an item table, its items, their votes

LINE_COLUMNS, WEIGHTED = tuple_of(INT32S, INT32S), tuple_of(INT32S, FLOAT32S)
WEIGHTED_ROWS, LINE_ROWS = tuple_of(INT64S, INT32S, FLOAT32S), tuple_of(INT64S, INT32S, INT32S)
BASKET_TABLES = tuple_of(WEIGHTED_ROWS, INT32S, FLOAT32S, tuple_of(*[FLOAT32S] * 5))


def describe_candidates(
    table: NextBasket, past: Past, peers: PeersRow, today: int
) -> tuple[Int32s, Float32s]:
    """Candidates (n) int32, ascending, and their features, (n, FEATURES) float32.

    past: not empty. Candidates: what the customer bought, what the peers buy, what goes with the latest
    baskets, and the best sellers. Columns: TIFU-KNN's score; own orders; TIFU-KNN's two parts, own and
    peers'; the own one by SHORT_MEMORY; the peers' over the popularity; what goes with the latest baskets;
    share of the baskets, baskets since the last and since the first, days since, and these over the usual
    gap, own and of the product; popularity, trend, rebuys and repeat_rate; the customer's baskets, products
    in each, share bought again, different products, days since an order, and these over the usual gap.
    """
    lines, near = (past.items, past.days), (peers.items, peers.weights)
    return _describe(lines, near, _basket_tables(table), today)


def describe_many(table: NextBasket, customers: Int64s, today: int) -> tuple[Int64s, Int32s, Float32s]:
    """The same of several customers with a past, one after another: (where each begins, and the end)."""
    pasts, peers = table.pasts, table.peers
    lines, near = (pasts.offsets, pasts.items, pasts.days), (peers.offsets, peers.items, peers.weights)
    return _describe_many(customers, lines, near, _basket_tables(table), today)


def _basket_tables(table: NextBasket) -> BasketTables:
    """The tables of products, as kernels take them."""
    partners = table.partners
    rows, best = (partners.offsets, partners.items, partners.weights), table.best_sellers[:BEST_SELLERS_TRIED]
    return rows, best, table.blend, table.figures


@compiled((INT32S,))
def baskets_since(days: Int32s) -> Int64s:
    """For each line, how many baskets followed its own; a day is a basket. days: ascending, not empty."""
    ages = np.zeros(len(days), np.int64)
    for line in range(len(days) - 2, -1, -1):
        ages[line] = ages[line + 1] + (days[line] != days[line + 1])
    return ages


@compiled((INT64S, types.float64))
def personal_weights(ages: Int64s, decay: float) -> Float64s:
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
def _partner_votes(bought: Int32s, short: Float64s, rows: WeightedRows) -> PartnerVotes:
    """The partners of the ANCHORS products that count most, and how often each is in baskets with them.

    bought: different products, ascending; short: the weight of each.
    """
    offsets, partners, weights = rows
    anchors = np.argsort(-short.astype(np.float32), kind="mergesort")[:ANCHORS]
    room, n = 0, 0
    for anchor in anchors:
        room += offsets[bought[anchor] + 1] - offsets[bought[anchor]]
    table = new_table(room)
    items, votes = np.empty(room, np.int32), np.zeros(room)
    for anchor in anchors:
        for entry in range(offsets[bought[anchor]], offsets[bought[anchor] + 1]):
            slot = slot_of(table, partners[entry])
            if table[slot, 1] == NO_ROW:
                table[slot, 0], table[slot, 1], items[n] = partners[entry], n, partners[entry]
                n += 1
            votes[table[slot, 1]] += weights[entry] * np.float32(short[anchor])
    return table, items[:n], votes[:n].astype(np.float32)


@compiled()
def _best(partners: PartnerVotes) -> Int32s:
    """The PARTNERS items of most votes, of equal ones the smallest, in no order that means anything."""
    _, items, votes = partners
    best, n = np.empty(min(PARTNERS, len(items)), np.int32), 0
    for number in range(len(items)):
        rank = min(n, len(best) - 1)
        if n == len(best) and not _before(items, votes, number, best[rank]):
            continue
        while rank > 0 and _before(items, votes, number, best[rank - 1]):
            best[rank] = best[rank - 1]
            rank -= 1
        best[rank] = number
        n = min(n + 1, len(best))
    return items[best]


@compiled()
def _before(items: Int32s, votes: Float32s, one: int, other: int) -> bool:
    return bool(votes[one] > votes[other] or (votes[one] == votes[other] and items[one] < items[other]))


@compiled()
def _write_weights(items: Int32s, features: Float32s, column: int, weighted: Weighted) -> None:
    """Writes the weights of those items that have one, else 0. Both ascending."""
    weighted_items, weights = weighted
    entry = 0
    for row in range(len(items)):
        while entry < len(weighted_items) and weighted_items[entry] < items[row]:
            entry += 1
        has_one = entry < len(weighted_items) and weighted_items[entry] == items[row]
        features[row, column] = weights[entry] if has_one else np.float32(0)


@compiled()
def _write_habits(past: Lines, rows: Int64s, ages: Int64s, gaps: Float32s, today: int, of: Float32s) -> None:
    """How often, how long ago and how regularly the customer bought each. rows: of each line; gaps: the
    products' own."""
    _, days_bought = past
    first, last = np.full(len(of), -1), np.full(len(of), -1)
    for line in range(len(rows)):
        row = rows[line]
        of[row, COUNT] += 1
        last[row] = line
        if first[row] < 0:
            first[row] = line
    for row in range(len(of)):
        of[row, SINCE], of[row, SINCE_FIRST], of[row, DAYS_SINCE] = NEVER_BOUGHT, NEVER_BOUGHT, NEVER_BOUGHT
        of[row, DUE], of[row, DUE_FOR_PRODUCT], times = -1, -1, of[row, COUNT]
        of[row, BASKET_SHARE] = times / (ages[0] + 1)
        if times > 0:
            days = today - days_bought[last[row]]
            of[row, SINCE], of[row, SINCE_FIRST] = ages[last[row]], ages[first[row]]
            of[row, DAYS_SINCE], of[row, DUE_FOR_PRODUCT] = days, days / max(gaps[row], np.float32(0.5))
            if times > 1:
                gap = (days_bought[last[row]] - days_bought[first[row]]) / (times - 1)
                of[row, DUE] = days / max(gap, 0.5)


@compiled()
def _write_customer(days: Int32s, baskets: int, distinct: int, today: int, of: Float32s) -> None:
    gap, since = (days[-1] - days[0]) / max(baskets - 1, 1), today - days[-1]
    of[:, CUSTOMER], of[:, CUSTOMER + 1] = baskets, len(days) / baskets
    of[:, CUSTOMER + 2], of[:, CUSTOMER + 3] = 1 - distinct / len(days), distinct
    of[:, CUSTOMER + 4], of[:, CUSTOMER + 5] = since, since / max(gap, 0.5)


@compiled((LINE_COLUMNS, WEIGHTED, BASKET_TABLES, types.int64))
def _describe(past: Lines, peers: Weighted, products: BasketTables, today: int) -> tuple[Int32s, Float32s]:
    rows, best_sellers, blend, figures = products
    (past_items, past_days), (peer_items, _), popularity = past, peers, figures[0]
    bought, ages = np.unique(past_items), baskets_since(past_days)
    decay, own_share = float(blend[0]), float(blend[1])
    own, short = personal_weights(ages, decay), personal_weights(ages, SHORT_MEMORY)
    latest = np.zeros(len(bought))
    for line, row in enumerate(np.searchsorted(bought, past_items)):
        latest[row] += short[line]
    partners = _partner_votes(bought, latest, rows)
    table, _, partner_votes = partners
    items = np.unique(np.concatenate((past_items, peer_items, _best(partners), best_sellers)))
    of, row_of_line = np.zeros((len(items), BASKET_FEATURES), np.float32), np.searchsorted(items, past_items)
    sums = np.zeros((2, len(items)))
    for line in range(len(row_of_line)):
        sums[0, row_of_line[line]] += own[line]
        sums[1, row_of_line[line]] += short[line]
    _write_weights(items, of, PEERS, peers)
    for row in range(len(items)):
        near, number = of[row, PEERS], table[slot_of(table, items[row]), 1]
        if number != NO_ROW:
            of[row, PARTNER] = partner_votes[number]
        of[row, OWN], of[row, SHORT] = sums[0, row], sums[1, row]
        of[row, TIFU] = own_share * sums[0, row] + (1 - own_share) * near
        of[row, LIFT] = near / (popularity[items[row]] + np.float32(RARE))
        for figure in range(4):
            of[row, PRODUCT + figure] = figures[figure][items[row]]
    _write_habits(past, row_of_line, ages, figures[4][items], today, of)
    _write_customer(past_days, ages[0] + 1, len(bought), today, of)
    return items, of


@nogil_kernel((INT64S, LINE_ROWS, WEIGHTED_ROWS, BASKET_TABLES, types.int64))
def _describe_many(
    customers: Int64s, pasts: LineRows, peers: WeightedRows, products: BasketTables, today: int
) -> tuple[Int64s, Int32s, Float32s]:
    (past_offsets, past_items, past_days), (peer_offsets, peer_items, peer_weights) = pasts, peers
    room, offsets = 0, np.zeros(len(customers) + 1, np.int64)
    for customer in customers:
        room += past_offsets[customer + 1] - past_offsets[customer]
        room += peer_offsets[customer + 1] - peer_offsets[customer]
    room += len(customers) * (PARTNERS + len(products[1]))
    items, features = np.empty(room, np.int32), np.empty((room, BASKET_FEATURES), np.float32)
    for number, customer in enumerate(customers):
        own = slice(past_offsets[customer], past_offsets[customer + 1])
        near = slice(peer_offsets[customer], peer_offsets[customer + 1])
        past, wishes = (past_items[own], past_days[own]), (peer_items[near], peer_weights[near])
        candidates, described = _describe(past, wishes, products, today)
        start, end = offsets[number], offsets[number] + len(candidates)
        items[start:end], features[start:end], offsets[number + 1] = candidates, described, end
    return offsets, items[: offsets[-1]], features[: offsets[-1]]
