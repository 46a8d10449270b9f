"""Sets as they are shown: those of training and the merchant's own, at today's prices and costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import isfinite
from typing import NamedTuple

import numpy as np

from recommender.arrays.tables import SetTable
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.offers.catalogue import Catalogue, FixedSet
from recommender.product_sets.set_pricing import Part, SetPrice, price_set

CONSIDERED = 30
"""Sets that are priced for one answer: a price is a fifth of a millisecond."""


class SetOffer(NamedTuple):
    """items: rows; fixed: the merchant wants it."""

    items: tuple[int, ...]
    name: str
    fixed: bool
    support: int
    lift: float
    price: SetPrice


class SetsAsked(NamedTuple):
    """product: a row that every set must hold, -1 for none; else `cart`: rows that a set must go on from.
    rested: rows that this customer need not be shown again."""

    product: int = -1
    cart: frozenset[int] = frozenset()
    rested: frozenset[int] = frozenset()

    @property
    def about_nothing(self) -> bool:
        """The shop's best are wanted."""
        return self.product < 0 and not self.cart


@dataclass(frozen=True)
class SetShop:
    """The sets of one bundle over the shelf as it is now, as the merchant wants them."""

    bundle: Bundle
    shelf: Availability
    catalogue: Catalogue

    def offers(self, asked: SetsAsked, k: int) -> list[SetOffer]:
        """The merchant's own first, then by what their price is expected to bring. Learned sets share no
        product, unless a product or cart was asked about. What cannot keep the minimum margin is left out."""
        table = self.bundle.tables.sets
        if table is None:
            return []
        fixed = _some(self._fixed(table, asked))
        learned = _some(self._learned(table, asked, fixed))
        learned.sort(key=lambda each: (-len(asked.cart & set(each.items)), -each.price.expected_margin_gain))
        return [*fixed, *learned][:k]

    def _fixed(self, table: SetTable, asked: SetsAsked) -> Iterator[SetOffer | None]:
        for fixed in self.catalogue.sets.fixed:
            items = tuple(self.bundle.tables.products.rows(fixed.products))
            if len(items) == len(fixed.products) and _answers(frozenset(items), asked):
                pairs = [table.pair(*pair) for pair in combinations(items, 2)]
                support, lift = min(n for n, _ in pairs), min(lift for _, lift in pairs)
                yield self._offer(table, items, support, lift, fixed)

    def _learned(
        self, table: SetTable, asked: SetsAsked, fixed: Sequence[SetOffer]
    ) -> Iterator[SetOffer | None]:
        known = {frozenset(each.items) for each in fixed}
        taken = {item for each in fixed for item in each.items} if asked.about_nothing else set()
        for place in _places(table, asked).tolist():
            items = tuple(item for item in table.items[place].tolist() if item >= 0)
            own = frozenset(items)
            if own in known or not taken.isdisjoint(own) or not self._allowed(own):
                continue
            if _answers(own, asked) and (
                offer := self._offer(table, items, int(table.support[place]), float(table.lift[place]))
            ):
                taken |= own if asked.about_nothing else frozenset()
                yield offer

    def _allowed(self, own: frozenset[int]) -> bool:
        rows, sets = self.bundle.tables.products.rows, self.catalogue.sets
        apart = (rows(pair) for pair in sets.apart)
        return own.isdisjoint(rows(sets.forbidden)) and not any(
            len(pair) == 2 and own.issuperset(pair) for pair in apart
        )

    def _offer(
        self,
        table: SetTable,
        items: tuple[int, ...],
        support: int,
        lift: float,
        fixed: FixedSet | None = None,
    ) -> SetOffer | None:
        """None: it cannot be sold, or not at the minimum margin."""
        least = self.catalogue.minimum_margin
        if not self.shelf.sellable[list(items)].all():
            return None
        parts = [self._part(table, item) for item in items]
        whole = sum(part.price for part in parts)
        costs = [part.cost for part in parts if part.cost is not None]
        if not whole > 0 or (len(costs) == len(parts) and whole * (1 - least) < sum(costs)):
            return None
        price = price_set(parts, support, least)
        return SetOffer(items, fixed.name if fixed else "", fixed is not None, support, lift, price)

    def _part(self, table: SetTable, item: int) -> Part:
        cost = float(self.shelf.cost[item])
        known = round(cost, 4) if isfinite(cost) else None
        return Part(round(float(self.shelf.price[item]), 2), known, int(table.orders[item]))


def _some(sets: Iterator[SetOffer | None]) -> list[SetOffer]:
    return list(islice((each for each in sets if each is not None), CONSIDERED))


def _places(table: SetTable, asked: SetsAsked) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows of the table that may answer, strongest first."""
    if asked.product >= 0:
        return np.flatnonzero((table.items == asked.product).any(axis=1))
    if asked.cart:
        return np.flatnonzero(np.isin(table.items, list(asked.cart)).any(axis=1))
    return np.arange(len(table.items))


def _answers(own: frozenset[int], asked: SetsAsked) -> bool:
    if asked.product >= 0:
        return asked.product in own and own.isdisjoint(asked.rested - {asked.product})
    if asked.cart:
        return not own.isdisjoint(asked.cart) and own.isdisjoint(asked.rested) and not own <= asked.cart
    return own.isdisjoint(asked.rested)
