"""The tables that training computes and serving slices: plain arrays, one row per product or customer."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from recommender.arrays.dtypes import Bools, Float32s, Int32s, Int64s


class InRows:
    """A table whose columns hold row after row. offsets: (n_rows + 1) int64, where each begins."""

    offsets: Int64s

    @cached_property
    def _offsets(self) -> memoryview:
        return self.offsets.data  # quicker to index than an array

    def row(self, number: int) -> slice:
        """The slice of the columns that is this row; for NO_ROW an empty one."""
        return slice(self._offsets[number], self._offsets[number + 1]) if number >= 0 else slice(0, 0)


class NeighbourRow(NamedTuple):
    """One product's neighbours, strongest first."""

    items: Int32s
    weights: Float32s
    together: Int32s


@dataclass(frozen=True)
class Neighbours(InRows):
    """For each item its strongest partners, in rows one after another.

    offsets: (n_items + 1) int64; items int32, weights float32 (comparable within one table) and
    together int32 (how many buyers, or viewers, had both) are as long as offsets[-1]. Weights below 0
    count against a partner; only those of carts have any.
    """

    offsets: Int64s
    items: Int32s
    weights: Float32s
    together: Int32s

    @cached_property
    def columns(self) -> tuple[Int64s, Int32s, Float32s, Int32s]:
        return self.offsets, self.items, self.weights, self.together

    @cached_property
    def widest(self) -> int:
        """The most partners of any item."""
        return int(np.diff(self.offsets).max(initial=0))

    def of(self, item: int, at_most: int = 1 << 30) -> NeighbourRow:
        whole = self.row(item)
        row = slice(whole.start, min(whole.stop, whole.start + at_most))
        return NeighbourRow(self.items[row], self.weights[row], self.together[row])


class PurchaseRow(NamedTuple):
    """What one customer had bought when the model was trained."""

    items: Int32s
    orders: Int32s
    last_day: Int32s
    confidence: Float32s


@dataclass(frozen=True)
class Purchases(InRows):
    """Customers' purchases, refunds taken off, in rows one after another.

    offsets: (n_customers + 1) int64; items int32; orders int32 (in how many orders); last_day int32
    (days since 1970); confidence float32 (what ALS was trained with).
    """

    offsets: Int64s
    items: Int32s
    orders: Int32s
    last_day: Int32s
    confidence: Float32s

    @cached_property
    def columns(self) -> tuple[Int64s, Int32s, Int32s]:
        """Offsets, items and last days: as kernels take them."""
        return self.offsets, self.items, self.last_day

    def number(self, customer: int) -> int:
        """How many products they have bought; none of an unknown customer (NO_ROW)."""
        return self._offsets[customer + 1] - self._offsets[customer] if customer >= 0 else 0

    def days(self, customer: int) -> dict[int, int]:
        """Item -> last day, of all they have bought."""
        row, (items, days) = self.row(customer), self._dated
        return dict(zip(items[row].tolist(), days[row].tolist(), strict=True))

    @cached_property
    def _dated(self) -> tuple[memoryview, memoryview]:
        return self.items.data, self.last_day.data

    def of(self, customer: int) -> PurchaseRow:
        """Their row; an unknown customer (NO_ROW) has an empty one."""
        row = self.row(customer)
        return PurchaseRow(self.items[row], self.orders[row], self.last_day[row], self.confidence[row])


@dataclass(frozen=True)
class Ranking:
    """Products in one fixed order, best first. items int32; scores float32; counts int32 (the evidence)."""

    items: Int32s
    scores: Float32s
    counts: Int32s


@dataclass(frozen=True)
class ProductTable:
    """Products. All (n_items); rows in IdMap order.

    price and cost float32 (NaN: unknown); category and brand int32 (-1: none); recommendable bool (a product,
    with a title, not withdrawn); in_stock bool; buyers int32; first_day int32 (days since 1970);
    repeat_rate float32 (share of its buyers who buy it again) and repeat_gap float32 (days between);
    rest_days int32 (for so long it is not shown to who has bought it).
    """

    price: Float32s
    cost: Float32s
    category: Int32s
    brand: Int32s
    recommendable: Bools
    in_stock: Bools
    buyers: Int32s
    first_day: Int32s
    repeat_rate: Float32s
    repeat_gap: Float32s
    rest_days: Int32s

    @cached_property
    def kinds(self) -> tuple[Float32s, Int32s, Int32s]:
        """Price, category and brand, in the order that kernels take."""
        return self.price, self.category, self.brand


@dataclass(frozen=True)
class VariantGroups:
    """Products that are one thing in several sizes, colours or packs: an answer shows one of them.

    group: (n_items) int32, -1 where a product stands alone; offsets: (n_groups + 1) int64; items int32: the
    products of one group after another, the most bought of each first.
    """

    group: Int32s
    offsets: Int64s
    items: Int32s

    @classmethod
    def of(cls, group: Int32s, buyers: Int32s) -> Self:
        """group: (n_items), groups numbered from 0 without gaps, -1 for none; buyers: (n_items) of each."""
        order = np.lexsort((-buyers, group))
        items, sizes = order[group[order] >= 0], np.bincount(group[group >= 0])
        return cls(group, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), items.astype(np.int32))

    @classmethod
    def none(cls, n_items: int) -> Self:
        """Every product stands alone."""
        return cls(np.full(n_items, -1, np.int32), np.zeros(1, np.int64), np.empty(0, np.int32))

    @cached_property
    def columns(self) -> tuple[Int32s, Int64s, Int32s]:
        """As kernels take them."""
        return self.group, self.offsets, self.items

    def share_one(self, items: Int32s, others: Int32s) -> Bools:
        """(len(items)): whether each is a variant of one of the others."""
        group = self.group[items]
        return (group >= 0) & np.isin(group, self.group[others])

    def key(self, item: int) -> int:
        """The same of all variants of a product, another one of all other products."""
        group = int(self.group[item])
        return group if group >= 0 else -1 - item


@dataclass(frozen=True)
class Factors:
    """ALS: item vectors (n_items, d) float32, and gram = Y'Y + regularisation I, (d, d) float32."""

    items: Float32s
    gram: Float32s

    @cached_property
    def inverse_gram(self) -> Float32s:
        """(d, d) float32."""
        return np.asarray(np.linalg.inv(self.gram.astype(np.float64)), np.float32)

    @cached_property
    def folded_in(self) -> dict[tuple[int, bytes, bytes], Float32s]:
        """Cache of customers' vectors: by customer, and by what they bought and viewed since training."""
        return {}


@dataclass(frozen=True)
class Sessions:
    """Where visits go.

    onward: per product what visits looked at around it; `together` counts the visits with both.
    habits: (3) float32, how visits of this shop go on: `fade` (a view's weight over that of the next one),
    `back` and `again` (the score of a return to the product before this one, and to each earlier one, where
    all that lies onward scores 1 together). Of each item, float32: popularity (share of the visits with it)
    and trend (late visits with it over expected ones).
    """

    onward: Neighbours
    habits: Float32s
    popularity: Float32s
    trend: Float32s

    @cached_property
    def columns(self) -> tuple[tuple[Int64s, Int32s, Float32s, Int32s], Float32s, Float32s, Float32s]:
        """As kernels take them."""
        return self.onward.columns, self.habits, self.popularity, self.trend


@dataclass(frozen=True)
class SetTable:
    """Sets, strongest first, as the orders of the last `SPAN_DAYS` days made them.

    items: (n_sets, 4) int32, -1 where a set is smaller; support: (n_sets) int32, orders with all of it;
    lift: (n_sets) float32, of its weakest pair; orders: (n_items) int32, those with each product;
    pairs: of each product, weights being lifts, and `together` orders with both.
    """

    items: Int32s
    support: Int32s
    lift: Float32s
    orders: Int32s
    pairs: Neighbours

    def pair(self, one: int, other: int) -> tuple[int, float]:
        """Orders with both, and their lift; (0, 0.0) where there are too few."""
        row = self.pairs.of(one)
        position = np.flatnonzero(row.items == other)
        if not len(position):
            return 0, 0.0
        return row.together.item(position[0]), row.weights.item(position[0])

    def support_of(self, items: tuple[int, ...]) -> int:
        """Orders with all of these products; 0 where they are more than a pair and no learned set."""
        if len(items) == 2:
            return self.pair(*items)[0]
        wanted = np.sort([*items, *[-1] * (self.items.shape[1] - len(items))])
        same = (np.sort(self.items, axis=1) == wanted).all(axis=1) if len(wanted) == 4 else np.zeros(0, bool)
        return int(self.support[same][0]) if same.any() else 0

    def lift_of(self, items: tuple[int, ...], support: int) -> float:
        """How much more often all of these were bought together than by chance; 0 where that is not known.

        How many orders there are follows from any pair: its lift is together x orders / (one's x other's).
        """
        together, lift = self.pair(*items[:2])
        bought = self.orders[list(items)].astype(np.float64)
        if not (support and together and bought.all()):
            return 0.0
        orders = lift * bought[0] * bought[1] / together
        return float(support / (orders * np.prod(bought / orders)))


SPAN_DAYS = 365
