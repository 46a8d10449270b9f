"""What the next-basket source keeps: pasts of customers, habits of their peers, products' figures, trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.boosting import Trees
from recommender.tables import Neighbours

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


class Past(NamedTuple):
    """One customer's order lines, oldest first, a product once a day. items, days (since 1970): int32."""

    items: Ints
    days: Ints


@dataclass(frozen=True)
class Pasts:
    """Every customer's past, one after another. offsets: (n_customers + 1) int64."""

    offsets: NDArray[np.int64]
    items: Ints
    days: Ints

    def of(self, customer: int) -> Past:
        """Theirs; an unknown customer (-1) has none."""
        row = slice(0, 0) if customer < 0 else slice(*map(int, self.offsets[customer : customer + 2]))
        return Past(self.items[row], self.days[row])


class PeersRow(NamedTuple):
    """What one customer's peers buy. items int32, ascending; weights float32."""

    items: Ints
    weights: Floats


@dataclass(frozen=True)
class Peers:
    """The largest values of the mean vector of each customer's nearest customers.

    offsets: (n_customers + 1) int64; items int32, ascending for each customer; weights float32.
    """

    offsets: NDArray[np.int64]
    items: Ints
    weights: Floats

    def of(self, customer: int) -> PeersRow:
        """Theirs; an unknown customer (-1) has none."""
        row = slice(0, 0) if customer < 0 else slice(*map(int, self.offsets[customer : customer + 2]))
        return PeersRow(self.items[row], self.weights[row])


@dataclass(frozen=True)
class NextBasket:
    """Of each item, float32: popularity (share of baskets that hold it), trend (its sales of late over
    those expected), rebuys (share of its lines that are no first purchase), repeat_rate (share of its
    buyers who buy it again) and repeat_gap (days between).

    partners: what stands in the same baskets; best_sellers int32, best first. blend: (2) float32,
    TIFU-KNN's decay a basket and share of the own vector. trees: rank by the features of
    `next_basket.describe`; without any, TIFU-KNN's score ranks alone.
    """

    pasts: Pasts
    peers: Peers
    partners: Neighbours
    popularity: Floats
    trend: Floats
    rebuys: Floats
    repeat_rate: Floats
    repeat_gap: Floats
    best_sellers: Ints
    blend: Floats
    trees: Trees
