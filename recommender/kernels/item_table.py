"""A hash table inside kernels: it numbers distinct items in the order in which they are met."""

import numpy as np

from recommender.arrays.dtypes import Bools, Int32s
from recommender.arrays.id_map import NO_ROW
from recommender.kernels.compiled import compiled


@compiled()
def new_table(n: int) -> Int32s:
    """Free slots for n items, (a power of two, at least twice as many; 2): an item and its number."""
    return np.full((2 << int(np.log2(2 * n + 4)), 2), NO_ROW, np.int32)


@compiled()
def slot_of(table: Int32s, item: int) -> int:
    """The slot that an item has, or the free one where it belongs. Open addressing."""
    last = len(table) - 1
    slot = (item * 40503) & last
    while table[slot, 0] != item and table[slot, 0] != NO_ROW:
        slot = (slot + 1) & last
    return slot


@compiled()
def number_items(
    items: Int32s, allowed: Bools, table: Int32s, distinct: Int32s, numbers: Int32s, n_distinct: int
) -> int:
    """Writes new items behind the first `n_distinct` of `distinct`, and the number of the item at each
    position, NO_ROW where it is not allowed; returns how many are distinct now. allowed: by item; empty where
    all are."""
    for position in range(len(items)):
        numbers[position] = NO_ROW
        if len(allowed) == 0 or allowed[items[position]]:
            slot = slot_of(table, items[position])
            if table[slot, 1] == NO_ROW:
                table[slot, 0], table[slot, 1] = items[position], n_distinct
                distinct[n_distinct] = items[position]
                n_distinct += 1
            numbers[position] = table[slot, 1]
    return n_distinct
