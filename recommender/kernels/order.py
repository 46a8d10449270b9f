"""What an order's products stand for."""

from recommender.arrays.dtypes import Int32s
from recommender.kernels.compiled import INT32S, INT32S_OUT, compiled
from recommender.kernels.ranking import NEIGHBOUR_COLUMNS, NeighbourColumns

MOST_ALIKE = 10  # of a product: those that stand for its kind


@compiled((INT32S, NEIGHBOUR_COLUMNS, INT32S, INT32S_OUT))
def write_alike(order: Int32s, similar: NeighbourColumns, category: Int32s, out: Int32s) -> int:
    """Writes the order's products, then of each the MOST_ALIKE most like it that are of its category; returns
    how many. out: with room for all of them; category: of each item."""
    (offsets, partners, _, _), n = similar, len(order)
    out[:n] = order
    for item in order:
        for entry in range(offsets[item], min(offsets[item + 1], offsets[item] + MOST_ALIKE)):
            if category[partners[entry]] == category[item]:
                out[n] = partners[entry]
                n += 1
    return n
