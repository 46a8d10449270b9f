"""What the next-basket source keeps: pasts of customers, habits of their peers, products' figures, trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.tables import InRows, Neighbours
from recommender.kernels.trees import Trees

FORESEEN_KEPT = 64  # of a customer's next order, what is worked out beforehand
TREND_EXPONENT = 0.15  # in a cart, what sells twice as fast as it used to counts a tenth more

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


class Past(NamedTuple):
    """One customer's order lines, oldest first, a product once a day. items, days (since 1970): int32."""

    items: Ints
    days: Ints


@dataclass(frozen=True)
class PurchaseHistories(InRows):
    """Every customer's past, one after another. offsets: (n_customers + 1) int64."""

    offsets: NDArray[np.int64]
    items: Ints
    days: Ints

    def of(self, customer: int) -> Past:
        """Theirs; an unknown customer (-1) has none."""
        row = self.row(customer)
        return Past(self.items[row], self.days[row])


class PeersRow(NamedTuple):
    """What one customer's peers buy. items int32, ascending; weights float32."""

    items: Ints
    weights: Floats


@dataclass(frozen=True)
class Peers(InRows):
    """The largest values of the mean vector of each customer's nearest customers.

    offsets: (n_customers + 1) int64; items int32, ascending for each customer; weights float32.
    """

    offsets: NDArray[np.int64]
    items: Ints
    weights: Floats

    def of(self, customer: int) -> PeersRow:
        """Theirs; an unknown customer (-1) has none."""
        row = self.row(customer)
        return PeersRow(self.items[row], self.weights[row])


class PrecomputedRow(NamedTuple):
    """What one customer's next order may hold. items, counts (own orders) int32; scores float32."""

    items: Ints
    scores: Floats
    counts: Ints

    def best(self, k: int) -> PrecomputedRow:
        """The k likeliest, likeliest first."""
        first = np.argsort(-self.scores, kind="stable")[:k]
        return PrecomputedRow(self.items[first], self.scores[first], self.counts[first])


@dataclass(frozen=True)
class Precomputed(InRows):
    """The source's answer for customers who order nothing more until `day`, worked out beforehand.

    day: (1) int32, days since 1970; offsets: (n_customers + 1) int64; the rest as in a row.
    """

    day: Ints
    offsets: NDArray[np.int64]
    items: Ints
    scores: Floats
    counts: Ints

    @classmethod
    def none(cls, n_customers: int) -> Precomputed:
        nothing = np.empty(0, np.int32)
        return cls(
            np.zeros(1, np.int32),
            np.zeros(n_customers + 1, np.int64),
            nothing,
            nothing.view(np.float32),
            nothing,
        )

    def of(self, customer: int, today: int) -> PrecomputedRow | None:
        """Theirs, on that day and the one before; None where it must be worked out."""
        row = self.row(customer)
        if row.start == row.stop or not 0 <= self.day.item(0) - today <= 1:
            return None
        return PrecomputedRow(self.items[row], self.scores[row], self.counts[row])


@dataclass(frozen=True)
class NextBasket:
    """Of each item, float32: popularity (share of baskets that hold it), trend (its sales of late over
    those expected), rebuys (share of its lines that are no first purchase), repeat_rate (share of its
    buyers who buy it again) and repeat_gap (days between).

    partners: what stands in the same baskets; best_sellers int32, best first. blend: (2) float32,
    TIFU-KNN's decay a basket and share of the own vector. trees: rank by the features of
    `next_basket.describe`; without any, TIFU-KNN's score ranks alone. foreseen: what they say, beforehand.
    """

    pasts: PurchaseHistories
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
    foreseen: Precomputed

    @cached_property
    def trend_boost(self) -> Floats:
        """(n_items): in a cart, an item's score is multiplied by it."""
        return np.asarray(self.trend**TREND_EXPONENT, np.float32)

    @property
    def figures(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Popularity, trend, rebuys, repeat_rate, repeat_gap: as kernels take them."""
        return self.popularity, self.trend, self.rebuys, self.repeat_rate, self.repeat_gap
