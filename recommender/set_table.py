"""What a bundle holds of sets: those worth showing, and the evidence of every pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.tables import Neighbours


@dataclass(frozen=True)
class SetTable:
    """Sets, strongest first, as the orders of the last `SPAN_DAYS` days made them.

    items: (n_sets, 4) int32, -1 where a set is smaller; support: (n_sets) int32, orders with all of it;
    lift: (n_sets) float32, of its weakest pair; orders: (n_items) int32, those with each product;
    pairs: of each product, weights being lifts, and `together` orders with both.
    """

    items: NDArray[np.int32]
    support: NDArray[np.int32]
    lift: NDArray[np.float32]
    orders: NDArray[np.int32]
    pairs: Neighbours

    def pair(self, one: int, other: int) -> tuple[int, float]:
        """Orders with both, and their lift; (0, 0.0) where there are too few."""
        row = self.pairs.of(one)
        place = np.flatnonzero(row.items == other)
        return (int(row.together[place[0]]), float(row.weights[place[0]])) if len(place) else (0, 0.0)


SPAN_DAYS = 365
