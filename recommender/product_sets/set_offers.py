"""Sets on offer: learned ones and the merchant's own, at today's prices and costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import NamedTuple

import numpy as np

from recommender.arrays.tables import SetTable
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.offers.catalogue import Catalogue, FixedSet
from recommender.product_sets.set_pricing import SetPart, SetPrice, price_set

MAX_CONSIDERED = 30
"""Sets priced for one answer, as pricing one takes 0.2 ms."""


class SetOffer(NamedTuple):
    """items: rows; fixed: whether the merchant defined it. support: orders with all of it; lift: how much
    more often than by chance all of it was bought together. Both are 0 where that is not known."""

    items: tuple[int, ...]
    name: str
    fixed: bool
    support: int
    lift: float
    price: SetPrice


class SetQuery(NamedTuple):
    """product: a row that every set must hold, -1 for none; else `cart`: rows of which a set must hold one.
    suppressed: rows that this customer bought lately."""

    product: int = -1
    cart: frozenset[int] = frozenset()
    suppressed: frozenset[int] = frozenset()

    @property
    def is_general(self) -> bool:
        """Whether neither a product nor a cart restricts the sets."""
        return self.product < 0 and not self.cart


@dataclass(frozen=True)
class AvailableSets:
    """The sets of one bundle under the availability of now and the merchant's rules."""

    bundle: Bundle
    availability: Availability
    catalogue: Catalogue

    def offers(self, query: SetQuery, k: int) -> list[SetOffer]:
        """The merchant's own first, then by expected margin. Learned sets share no product, unless the query
        names a product or cart. Sets below the minimum margin are left out."""
        table = self.bundle.tables.sets
        if table is None:
            return []
        fixed = _first_considered(self._fixed(table, query))
        learned = _first_considered(self._learned(table, query, fixed))
        learned.sort(key=lambda each: (-len(query.cart & set(each.items)), -each.price.expected_margin_gain))
        return [*fixed, *learned][:k]

    def _fixed(self, table: SetTable, query: SetQuery) -> Iterator[SetOffer | None]:
        for fixed in self.catalogue.sets.fixed:
            items = tuple(self.bundle.tables.products.rows(fixed.products))
            if len(items) == len(fixed.products) and _matches(frozenset(items), query):
                yield self._offer(table, items, table.support_of(items), fixed)

    def _learned(
        self, table: SetTable, query: SetQuery, fixed: Sequence[SetOffer]
    ) -> Iterator[SetOffer | None]:
        fixed_sets, key = {frozenset(each.items) for each in fixed}, self.bundle.tables.variant_groups.key
        taken = {key(item) for each in fixed for item in each.items} if query.is_general else set()
        bought = {key(item) for item in query.suppressed} - {key(query.product)}
        carted = {key(item) for item in query.cart}
        for row in _candidate_rows(table, query).tolist():
            items = tuple(item for item in table.items[row].tolist() if item >= 0)
            members, products = frozenset(items), {key(item) for item in items}
            if members in fixed_sets or not taken.isdisjoint(products) or not self._allowed(members):
                continue
            others = {key(item) for item in members - query.cart - {query.product}}
            if not bought.isdisjoint(products) or not carted.isdisjoint(others):
                continue
            if _matches(members, query) and (offer := self._offer(table, items, int(table.support[row]))):
                taken |= products if query.is_general else set()
                yield offer

    def _allowed(self, members: frozenset[int]) -> bool:
        rows, sets = self.bundle.tables.products.rows, self.catalogue.sets
        apart = (rows(pair) for pair in sets.apart)
        return members.isdisjoint(rows(sets.forbidden)) and not any(
            len(pair) == 2 and members.issuperset(pair) for pair in apart
        )

    def _offer(
        self,
        table: SetTable,
        items: tuple[int, ...],
        support: int,
        fixed: FixedSet | None = None,
    ) -> SetOffer | None:
        """None: a product is not available, or the minimum margin cannot be kept."""
        minimum_margin = self.catalogue.minimum_margin
        if not self.availability.sellable[list(items)].all():
            return None
        anchor = max(items, key=table.orders.item)
        parts = [self._part(table, item, anchor) for item in items]
        list_price = sum(part.price for part in parts)
        costs = [part.cost for part in parts if part.cost is not None]
        if not list_price > 0 or (
            len(costs) == len(parts) and list_price * (1 - minimum_margin) < sum(costs)
        ):
            return None
        price = price_set(parts, support, minimum_margin)
        name, lift = fixed.name if fixed else "", table.lift_of(items, support)
        return SetOffer(items, name, fixed is not None, support, lift, price)

    def _part(self, table: SetTable, item: int, anchor: int) -> SetPart:
        cost = float(self.availability.cost[item])
        known_cost = round(cost, 4) if isfinite(cost) else None
        price, (with_anchor, _) = round(float(self.availability.price[item]), 2), table.pair(anchor, item)
        return SetPart(price, known_cost, int(table.orders[item]), with_anchor)


def _first_considered(sets: Iterator[SetOffer | None]) -> list[SetOffer]:
    return list(islice((each for each in sets if each is not None), MAX_CONSIDERED))


def _candidate_rows(table: SetTable, query: SetQuery) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows of the table that may match, strongest first."""
    if query.product >= 0:
        return np.flatnonzero((table.items == query.product).any(axis=1))
    if query.cart:
        return np.flatnonzero(np.isin(table.items, list(query.cart)).any(axis=1))
    return np.arange(len(table.items))


def _matches(members: frozenset[int], query: SetQuery) -> bool:
    if query.product >= 0:
        return query.product in members and members.isdisjoint(query.suppressed - {query.product})
    if query.cart:
        return (
            not members.isdisjoint(query.cart)
            and members.isdisjoint(query.suppressed)
            and not members <= query.cart
        )
    return members.isdisjoint(query.suppressed)
