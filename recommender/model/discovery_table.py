"""Table of the source `discover`: what each customer may like of the products that are new to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float32s, Int32s, Int64s
from recommender.arrays.tables import InRows

PARTS = "als", "companions", "peers"
DEFAULT_MIX = 1.0, 0.5, 0.5


class DiscoveryRow(NamedTuple):
    """Products new to one customer, likeliest first. items int32; scores float32, the first one's 1."""

    items: Int32s
    scores: Float32s


@dataclass(frozen=True)
class Discovery(InRows):
    """Products new to each customer, computed by training: they change with the customer's events alone.

    offsets: (n_customers + 1) int64; items, scores as in `DiscoveryRow`, one customer after another. mix:
    (3) float32, the weight of each of PARTS, scaled so that its best product counts 1. boost: (n_items)
    float32, factor of every score: what sells faster than it used to comes first. The index of the bundle
    holds the product vectors times their boost.
    """

    mix: Float32s
    boost: Float32s
    offsets: Int64s
    items: Int32s
    scores: Float32s

    @classmethod
    def none(cls, n_items: int, n_customers: int) -> Discovery:
        """Nothing computed, nothing boosted."""
        return cls(
            np.array(DEFAULT_MIX, np.float32),
            np.ones(n_items, np.float32),
            np.zeros(n_customers + 1, np.int64),
            np.empty(0, np.int32),
            np.empty(0, np.float32),
        )

    def of(self, customer: int) -> DiscoveryRow:
        """One customer's; an unknown customer (NO_ROW) has none."""
        row = self.row(customer)
        return DiscoveryRow(self.items[row], self.scores[row])

    @cached_property
    def computed(self) -> dict[int | bytes, DiscoveryRow]:
        """Cache of what serving computed: by customer, and by what was bought and viewed lately."""
        return {}
