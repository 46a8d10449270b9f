"""Blending and ranking of candidates: one call each, where numpy would need twenty."""

import numpy as np
from numba import types

from recommender.arrays.dtypes import Bools, Float32s, Float64s, Int32s, Int64s
from recommender.arrays.id_map import NO_ROW
from recommender.kernels.compiled import (
    BOOLS_OUT,
    FLOAT32S,
    FLOAT32S_OUT,
    FLOAT64S,
    INT32_ROWS_OUT,
    INT32S,
    INT32S_OUT,
    INT64S,
    compiled,
    tuple_of,
)
from recommender.kernels.item_table import new_table, number_items, slot_of

NeighbourColumns = tuple[Int64s, Int32s, Float32s, Int32s]  # of `tables.Neighbours`
CandidateColumns = tuple[Int32s, Float32s, Int32s, Int32s]  # of `candidates.Candidates`
NEIGHBOUR_COLUMNS = tuple_of(INT64S, INT32S, FLOAT32S, INT32S)
CANDIDATE_COLUMNS = tuple_of(INT32S, FLOAT32S, INT32S, INT32S)
CANDIDATE_COLUMNS_OUT = tuple_of(INT32S_OUT, FLOAT32S_OUT, INT32S_OUT, INT32S_OUT)
Variants = tuple[Int32s, Int64s, Int32s, Int32s, Int32s, Int32s, int]
"""Columns of `tables.VariantGroups`, `group` empty in a shop without any; items none of whose variants may be
shown; what the shopper bought, and in how many orders each; 1 where a variant that is allowed stands in for
one that is not, 0 where none does."""
VARIANTS = tuple_of(INT32S, INT64S, INT32S, INT32S, INT32S, INT32S, types.int64)

SOURCE_COUNTS = (1, 2, 4, 5)  # numbers of sources that are blended: three are filled up with an empty one
TIE_BREAK = np.float32(0.001)  # weight of a candidate's own score, among those of one source and item
SORTED_WHOLE = 100  # for more than so many of the best, sorting is quicker than inserting


@compiled()
def find_best(scores: Float32s, best: Int32s) -> int:
    """Writes the positions of the largest scores above 0, largest first, of equal ones the first; returns how
    many, at most `len(best)`."""
    n, k = 0, len(best)
    if k > SORTED_WHOLE:
        for position in np.argsort(-scores, kind="mergesort")[:k]:
            if scores[position] > 0:
                best[n] = position
                n += 1
        return n
    values, least = (
        np.empty(k, np.float32),
        np.float32(0),
    )  # the best so far; the last of them once there are k
    for position in range(len(scores)):
        value = scores[position]
        if value <= least:
            continue
        rank = min(n, k - 1)
        while rank > 0 and values[rank - 1] < value:
            best[rank], values[rank] = best[rank - 1], values[rank - 1]
            rank -= 1
        best[rank], values[rank] = position, value
        n = min(n + 1, k)
        least = values[k - 1] if n == k else least
    return n


@compiled()
def _keep_best_of_each_group(totals: Float32s, items: Int32s, group: Int32s) -> None:
    """Sets the totals of all but the best variant of a product to 0; of equal ones the first stays."""
    best = new_table(len(totals))
    for number in range(len(totals)):
        own = group[items[number]]
        if own < 0 or totals[number] <= 0:
            continue
        slot = slot_of(best, own)
        rival = best[slot, 1]
        if rival == NO_ROW or totals[number] > totals[rival]:
            best[slot, 0], best[slot, 1] = own, number
            if rival != NO_ROW:
                totals[rival] = 0
        else:
            totals[number] = 0


@compiled()
def _allowed_variants(items: Int32s, allowed: Bools, variants: Variants) -> Int32s:
    """The items; in place of one that is not allowed the most bought of its variants that is, if any."""
    (group, offsets, members), chosen = variants[:3], items.copy()
    for position in range(len(items) if variants[6] else 0):
        item = items[position]
        own = group[item]
        if own >= 0 and not allowed[item]:
            for entry in range(offsets[own], offsets[own + 1]):
                if allowed[members[entry]]:
                    chosen[position] = members[entry]
                    break
    return chosen


@compiled()
def _blend(
    proposals: tuple[CandidateColumns, ...],
    weights: Float64s,
    allowed: Bools,
    variants: Variants,
    columns: Int32s,
    out: Float32s,
) -> int:
    room = 0
    for items, _, _, _ in proposals:
        room += len(items)
    table, n, total_weight = new_table(room), 0, np.float32(0)
    distinct, numbers = np.empty((2, room), np.int32)
    totals, best_share = np.zeros((2, room), np.float32)
    best_source, best_position = np.empty((2, room), np.int32)  # of each item, the candidate that explains it
    for source in range(len(weights)):
        items, scores, _, _ = proposals[source]
        shown = _allowed_variants(items, allowed, variants)
        n = number_items(shown, allowed, table, distinct, numbers, n)
        sums = np.zeros(n + 1, np.float32)
        for position in range(len(items)):
            if numbers[position] >= 0:
                sums[numbers[position]] += scores[position]
        weight, peak = np.float32(weights[source]), sums.max()
        scale = weight / peak if peak > 0 else np.float32(0)
        total_weight += weight if peak > 0 else np.float32(0)
        for position in range(len(items)):
            number = numbers[position]
            if number >= 0 and sums[number] > 0:
                score = scores[position] * scale
                totals[number] += score
                share = sums[number] * scale + TIE_BREAK * score
                if share > best_share[number]:
                    best_share[number], best_source[number], best_position[number] = share, source, position
    if len(variants[0]) > 0:
        _keep_best_of_each_group(totals[:n], distinct, variants[0])
    n_best = find_best(totals[:n], columns[0])
    for rank in range(n_best):
        number = columns[0, rank]
        _, _, anchors, counts = proposals[best_source[number]]
        # Scores that all but cancel out are rounded coarsely.
        out[rank] = min(totals[number] / total_weight, np.float32(1))
        columns[0, rank], columns[1, rank] = distinct[number], best_source[number]
        columns[2, rank], columns[3, rank] = anchors[best_position[number]], counts[best_position[number]]
    return n_best


@compiled()
def _with_variants(hidden: Int32s, variants: Variants) -> Int32s:
    """The hidden items, and all variants of those `apart`."""
    group, offsets, members, apart, _, _, _ = variants
    n = len(hidden)
    for item in apart:
        if group[item] >= 0:
            n += offsets[group[item] + 1] - offsets[group[item]]
    every, n = np.empty(n, np.int32), len(hidden)
    every[:n] = hidden
    for item in apart:
        if group[item] >= 0:
            for position in range(offsets[group[item]], offsets[group[item] + 1]):
                every[n] = members[position]
                n += 1
    return every


@compiled()
def _variant_to_show(item: int, variants: Variants, allowed: Bools) -> int:
    """The item, or in its place the variant that the shopper buys most often, of those that are allowed."""
    group, _, _, _, bought, orders, _ = variants
    own, usual, most = group[item], item, 0
    if own >= 0:
        for line in range(len(bought)):
            if bought[line] == item:
                return item
            if group[bought[line]] == own and allowed[bought[line]] and orders[line] > most:
                usual, most = bought[line], orders[line]
    return usual


@compiled(
    *[
        (
            tuple_of(*[CANDIDATE_COLUMNS] * n),
            FLOAT64S,
            BOOLS_OUT,
            INT32S,
            VARIANTS,
            INT32_ROWS_OUT,
            FLOAT32S_OUT,
        )
        for n in SOURCE_COUNTS
    ]
)
def rank(
    proposals: tuple[CandidateColumns, ...],
    weights: Float64s,
    allowed: Bools,
    hidden: Int32s,
    variants: Variants,
    columns: Int32s,
    out: Float32s,
) -> int:
    """Adds up what each source proposes, scaled so that its best allowed item counts the source's weight.

    Within a source an item's scores add up; where the sum is not above 0 the source does not propose it.
    Writes the best distinct items, as many as there is room for, and of the candidate that counts most for
    each the source, the anchor and the count (`columns`, (4, k)); to `out` their scores, 1 where every source
    with candidates has the item first. Returns how many. hidden: items that are not allowed this time; to
    copy a flag of each of a million products would cost more than the answer. Of variants of one product the
    best alone counts, and the one to show stands for it.
    """
    out_of_sight = hidden if len(variants[0]) == 0 else _with_variants(hidden, variants)
    before = np.empty(len(out_of_sight), np.bool_)
    for position in range(len(out_of_sight)):
        before[position], allowed[out_of_sight[position]] = allowed[out_of_sight[position]], False
    n_best = _blend(proposals, weights, allowed, variants, columns, out)
    if len(variants[0]) > 0:
        for position in range(n_best):
            columns[0, position] = _variant_to_show(columns[0, position], variants, allowed)
    for position in range(len(out_of_sight) - 1, -1, -1):  # backwards: an item may be in it twice
        allowed[out_of_sight[position]] = before[position]
    return n_best


@compiled((NEIGHBOUR_COLUMNS, INT32S, FLOAT64S, types.int64, CANDIDATE_COLUMNS_OUT))
def gather(
    neighbours: NeighbourColumns, rows: Int32s, row_weights: Float64s, at_most: int, out: CandidateColumns
) -> int:
    """Writes the first `at_most` neighbours of each row, their weights times the row's; returns how many."""
    (offsets, partners, weights, together), (items, scores, anchors, counts), n = neighbours, out, 0
    for number in range(len(rows)):
        row = rows[number]
        start, end = offsets[row], offsets[row + 1]
        for entry in range(start, min(end, start + at_most)):
            items[n], counts[n], anchors[n] = partners[entry], together[entry], row
            scores[n] = weights[entry] * np.float32(row_weights[number])
            n += 1
    return n
