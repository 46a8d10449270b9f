"""Sets of products from co-purchases: the strongest pairs, grown while every pair of a set has support."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from recommender.arrays.dtypes import Float64s, Int64s

MAX_ITEMS, MIN_SUPPORT, MIN_LIFT = 4, 3, 1.0
MARGIN_WEIGHT, SAME_CATEGORY = 0.2, 0.15
"""Weights of a margin share and of a repeated category against a similarity, 0 to 1."""
Pair = tuple[int, int]


class Evidence(NamedTuple):
    """Of a pair: orders with both, lift, and similarity 0 to 1."""

    together: int
    lift: float
    similarity: float


@dataclass(frozen=True)
class CoPurchases:
    """pairs: (i, j) with i < j -> evidence; orders: (n_items), with each item; margin: (n_items), share of
    the price, 0 where the cost is unknown; category: (n_items), -1 for none."""

    pairs: dict[Pair, Evidence]
    orders: Int64s
    margin: Float64s
    category: Int64s

    def between(self, one: int, other: int) -> Evidence | None:
        """None: too few orders with both, or no more than by chance."""
        evidence = self.pairs.get((min(one, other), max(one, other)))
        holds = evidence is not None and evidence.together >= MIN_SUPPORT and evidence.lift > MIN_LIFT
        return evidence if holds else None

    def partners(self, item: int) -> set[int]:
        return self._partners.get(item, set())

    @cached_property
    def _partners(self) -> dict[int, set[int]]:
        partners: dict[int, set[int]] = {}
        for one, other in self.pairs:
            if self.between(one, other) is not None:
                partners.setdefault(one, set()).add(other)
                partners.setdefault(other, set()).add(one)
        return partners


class ProductSet(NamedTuple):
    """items: 2 to 4; together and lift: of its weakest pair; strength: mean similarity of its pairs."""

    items: tuple[int, ...]
    together: int
    lift: float
    strength: float


def product_sets(
    co_purchases: CoPurchases, k: int, forbidden: Set[int | Pair] = frozenset()
) -> list[ProductSet]:
    """The k strongest, no product in two of them. forbidden: items, and pairs (i, j) with i < j that no set
    may hold together."""
    sets: list[ProductSet] = []
    taken: set[int] = set()
    for seed in sorted(co_purchases.pairs, key=lambda pair: (-co_purchases.pairs[pair].similarity, pair)):
        if len(sets) == k:
            break
        if taken.isdisjoint(seed) and co_purchases.between(*seed) and _allowed(seed, forbidden):
            items = grow_sets(co_purchases, seed, forbidden, taken)
            taken.update(items)
            sets.append(with_evidence(co_purchases, items))
    return sets


def grow_sets(
    co_purchases: CoPurchases,
    seed: tuple[int, ...],
    forbidden: Set[int | Pair] = frozenset(),
    taken: Set[int] = frozenset(),
) -> tuple[int, ...]:
    """Adds the product with the largest sum of similarities + g margin - r same category, while that is more
    than the set's mean similarity: a weaker one would dilute it."""
    items = seed
    while len(items) < MAX_ITEMS:
        candidates = {
            item: _gain(co_purchases, items, item)
            for item in set.intersection(*(co_purchases.partners(item) for item in items)) - taken
            if _allowed((*items, item), forbidden)
        }
        best = max(sorted(candidates), key=candidates.__getitem__, default=None)
        if best is None or candidates[best] <= with_evidence(co_purchases, items).strength * len(items) * 0.5:
            break
        items = (*items, best)
    return items


def with_evidence(co_purchases: CoPurchases, items: tuple[int, ...]) -> ProductSet:
    """A set, learned or fixed by the merchant, with its evidence; pairs without evidence count as 0."""
    evidence = [co_purchases.between(*pair) or Evidence(0, 0.0, 0.0) for pair in combinations(items, 2)]
    strength = sum(each.similarity for each in evidence) / len(evidence)
    return ProductSet(items, min(e.together for e in evidence), min(e.lift for e in evidence), strength)


def _gain(co_purchases: CoPurchases, items: tuple[int, ...], item: int) -> float:
    similar = sum(
        evidence.similarity for own in items if (evidence := co_purchases.between(own, item)) is not None
    )
    repeats = sum(co_purchases.category[own] == co_purchases.category[item] >= 0 for own in items)
    return float(similar + MARGIN_WEIGHT * co_purchases.margin[item] - SAME_CATEGORY * repeats)


def _allowed(items: tuple[int, ...], forbidden: Set[int | Pair]) -> bool:
    return forbidden.isdisjoint(items) and forbidden.isdisjoint(_sorted_pairs(items))


def _sorted_pairs(items: tuple[int, ...]) -> Iterator[Pair]:
    yield from combinations(sorted(items), 2)
