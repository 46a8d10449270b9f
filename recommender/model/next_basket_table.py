"""Tables of the next-basket source: purchase histories, peers' habits, product statistics, trees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float32s, Int32s, Int64s
from recommender.arrays.tables import InRows, Neighbours
from recommender.kernels.trees import Trees

PRECOMPUTED_KEPT = 64  # products of a customer's next order that training computes
TREND_EXPONENT = 0.15  # in a cart, a product that sells twice as fast as it used to counts a tenth more


class Past(NamedTuple):
    """One customer's order lines, oldest first, a product once a day. items, days (since 1970): int32."""

    items: Int32s
    days: Int32s


@dataclass(frozen=True)
class PurchaseHistories(InRows):
    """Every customer's order lines, one customer after another. offsets: (n_customers + 1) int64."""

    offsets: Int64s
    items: Int32s
    days: Int32s

    def of(self, customer: int) -> Past:
        """One customer's; an unknown customer (-1) has none."""
        row = self.row(customer)
        return Past(self.items[row], self.days[row])


class PeersRow(NamedTuple):
    """What the customers most similar to one buy. items int32, ascending; weights float32."""

    items: Int32s
    weights: Float32s


@dataclass(frozen=True)
class Peers(InRows):
    """The largest values of the mean vector of each customer's nearest customers.

    offsets: (n_customers + 1) int64; items int32, ascending for each customer; weights float32.
    """

    offsets: Int64s
    items: Int32s
    weights: Float32s

    def of(self, customer: int) -> PeersRow:
        """One customer's; an unknown customer (-1) has none."""
        row = self.row(customer)
        return PeersRow(self.items[row], self.weights[row])


class PrecomputedRow(NamedTuple):
    """Candidates for one customer's next order. items, counts (own orders) int32; scores float32."""

    items: Int32s
    scores: Float32s
    counts: Int32s

    def best(self, k: int) -> PrecomputedRow:
        """The k likeliest, likeliest first."""
        first = np.argsort(-self.scores, kind="stable")[:k]
        return PrecomputedRow(self.items[first], self.scores[first], self.counts[first])


@dataclass(frozen=True)
class Precomputed(InRows):
    """The source's answer for customers who do not order again until `day`, computed by training.

    day: (1) int32, days since 1970; offsets: (n_customers + 1) int64; others as in `PrecomputedRow`.
    """

    day: Int32s
    offsets: Int64s
    items: Int32s
    scores: Float32s
    counts: Int32s

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
        """A customer's, valid on `day` and the day before; None where the source must compute it."""
        row = self.row(customer)
        if row.start == row.stop or not 0 <= self.day.item(0) - today <= 1:
            return None
        return PrecomputedRow(self.items[row], self.scores[row], self.counts[row])


@dataclass(frozen=True)
class NextBasket:
    """Of each item, float32: popularity (share of baskets that hold it), trend (recent sales over expected
    sales), rebuys (share of its lines that are no first purchase), repeat_rate (share of its buyers who buy
    it again) and repeat_gap (days between).

    partners: items of the same baskets; best_sellers int32, best first. blend: (2) float32, TIFU-KNN's decay
    a basket and share of the own vector. trees: rank by the features of `next_basket_features`; without any,
    TIFU-KNN's score ranks alone. foreseen: the answers that training computed.
    """

    pasts: PurchaseHistories
    peers: Peers
    partners: Neighbours
    popularity: Float32s
    trend: Float32s
    rebuys: Float32s
    repeat_rate: Float32s
    repeat_gap: Float32s
    best_sellers: Int32s
    blend: Float32s
    trees: Trees
    foreseen: Precomputed

    @cached_property
    def trend_boost(self) -> Float32s:
        """(n_items): factor of each item's weight in a cart, an item's score is multiplied by it."""
        return np.asarray(self.trend**TREND_EXPONENT, np.float32)

    @cached_property
    def computed(self) -> dict[tuple[int, int], PrecomputedRow]:
        """Cache of the answers that serving computed, by customer and day: a visit asks for several."""
        return {}

    @property
    def figures(self) -> tuple[Float32s, Float32s, Float32s, Float32s, Float32s]:
        """Popularity, trend, rebuys, repeat_rate, repeat_gap, in the order that kernels take."""
        return self.popularity, self.trend, self.rebuys, self.repeat_rate, self.repeat_gap
