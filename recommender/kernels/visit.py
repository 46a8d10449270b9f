"""What a visit so far says of the products that may come next."""

import numpy as np

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.arrays.id_map import NO_ROW
from recommender.kernels.compiled import FLOAT32_ROWS_OUT, FLOAT32S, INT32S, compiled, tuple_of
from recommender.kernels.item_table import new_table, number_items, slot_of
from recommender.kernels.ranking import (
    CANDIDATE_COLUMNS_OUT,
    NEIGHBOUR_COLUMNS,
    CandidateColumns,
    NeighbourColumns,
    find_best,
)

LEAST_WEIGHT = 0.02  # a view that counts no more than this is left out
VISIT_DEPTH = 40  # of the items with the largest sums, so many are ordered by the trees
VISIT_FEATURES = 16  # columns of the features: see `sources.session.VisitHead`
NOT_NEXT = 999.0  # instead of the rank around the latest view, where there is none
UNKNOWN_PRICE = -1.0  # instead of a price over another

VisitColumns = tuple[NeighbourColumns, Float32s, Float32s, Float32s]  # of `tables.Sessions`
KindColumns = tuple[Float32s, Int32s, Int32s]  # price, category and brand, of `tables.ProductTable`
VISIT_COLUMNS = tuple_of(NEIGHBOUR_COLUMNS, FLOAT32S, FLOAT32S, FLOAT32S)
KIND_COLUMNS = tuple_of(FLOAT32S, INT32S, INT32S)


@compiled((VISIT_COLUMNS, INT32S, CANDIDATE_COLUMNS_OUT))
def lead_on(visits: VisitColumns, viewed: Int32s, out: CandidateColumns) -> int:
    """Writes what other visits looked at next, and the earlier views; returns how many: see `step`."""
    (offsets, partners, weights, together), (fade, back, again), _, _ = visits
    (items, scores, anchors, counts), n, view_weight, sum_of_all = out, 0, np.float32(1), 0.0
    for age in range(len(viewed)):
        if age and view_weight <= LEAST_WEIGHT:
            break
        for entry in range(offsets[viewed[age]], offsets[viewed[age] + 1]):
            if partners[entry] != viewed[0]:
                items[n], counts[n], anchors[n] = partners[entry], together[entry], viewed[age]
                scores[n] = weights[entry] * view_weight
                sum_of_all += scores[n]
                n += 1
        view_weight *= fade
    for age in range(1, len(viewed)):
        score = np.float32((back if age == 1 else again) * sum_of_all)
        if score > 0:
            items[n], scores[n], anchors[n], counts[n] = viewed[age], score, viewed[age], 0
            n += 1
    return n


@compiled()
def _tally(items: Int32s, scores: Float32s) -> tuple[Int32s, Float32s, Float32s, Int32s]:
    """An item table of the votes; and by an item's number the sum of its votes, how many these are, and the
    position of the largest."""
    table, (distinct, numbers) = new_table(len(items)), np.empty((2, len(items)), np.int32)
    n = number_items(items, np.empty(0, np.bool_), table, distinct, numbers, 0)
    (sums, voters), largest = np.zeros((2, n), np.float32), np.full(n, NO_ROW, np.int32)
    for vote in range(len(items)):
        number = numbers[vote]
        sums[number] += scores[vote]
        voters[number] += 1
        if largest[number] == NO_ROW or scores[vote] > scores[largest[number]]:
            largest[number] = vote
    return table, sums, voters, largest


@compiled()
def _copy(votes: CandidateColumns, vote: int, score: float, out: CandidateColumns, rank: int) -> None:
    (items, _, anchors, counts), (to_items, to_scores, to_anchors, to_counts) = votes, out
    to_items[rank], to_scores[rank], to_anchors[rank], to_counts[rank] = (
        items[vote],
        score,
        anchors[vote],
        counts[vote],
    )


@compiled()
def _liken(kinds: KindColumns, viewed: Int32s, item: int, of: Float32s) -> None:
    """Writes how alike an item is to what was viewed."""
    price, category, brand = kinds
    of[12] = category[item] == category[viewed[0]]
    of[13], of[14], of[15] = 0, brand[item] == brand[viewed[0]], UNKNOWN_PRICE
    for view in viewed:
        of[13] += category[item] == category[view]
    of[13] /= len(viewed)
    ratio = price[item] / price[viewed[0]]
    if ratio > 0:  # false for NaN
        of[15] = ratio


@compiled((VISIT_COLUMNS, KIND_COLUMNS, INT32S, CANDIDATE_COLUMNS_OUT, FLOAT32_ROWS_OUT))
def visit_head(
    visits: VisitColumns, kinds: KindColumns, viewed: Int32s, out: CandidateColumns, features: Float32s
) -> tuple[int, int]:
    """Writes each item of `lead_on` once, with its sum and the anchor and count of its largest vote, and
    features of the first. Those with the largest sums come first, as many as there is room for features.

    Returns how many items have features, and how many items there are.
    """
    (offsets, _, _, _), _, popularity, trend = visits
    room, next_to_latest = len(viewed), 0
    for item in viewed:
        room += offsets[item + 1] - offsets[item]
    items, anchors, counts = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    scores = np.empty(room, np.float32)
    votes = items, scores, anchors, counts
    n_votes = lead_on(visits, viewed, votes)
    while next_to_latest < n_votes and anchors[next_to_latest] == viewed[0]:
        next_to_latest += 1
    table, sums, voters, largest = _tally(items[:n_votes], scores)
    ages = np.full(len(sums), NO_ROW, np.int32)  # of what was viewed before
    for age in range(1, len(viewed)):
        number = table[slot_of(table, viewed[age]), 1]
        if number != NO_ROW:
            ages[number] = age
    best = np.empty(len(features), np.int32)
    n_best = n = find_best(sums, best)
    for rank in range(n_best):
        number, of = best[rank], features[rank]
        item, vote = items[largest[number]], largest[number]
        _copy(votes, vote, sums[number], out, rank)
        of[0], of[1], of[2] = sums[number] / out[1][0], sums[number], scores[vote] / sums[number]
        of[3], of[4], of[5] = voters[number] / len(viewed), len(viewed), ages[number]
        of[6], of[7], of[8] = 0, NOT_NEXT, 0
        if number < next_to_latest:  # the votes of the latest view come first, each for another item
            of[6], of[7], of[8] = scores[number] / scores[0], number, counts[number]
        of[9], of[10], of[11] = popularity[item], trend[item], popularity[viewed[0]]
        _liken(kinds, viewed, item, of)
        sums[number] = 0
    for number in range(len(sums)):
        if sums[number] > 0:
            _copy(votes, largest[number], sums[number], out, n)
            n += 1
    return n_best, n
