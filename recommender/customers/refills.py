"""What a customer is likely to buy again, and when; live orders included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from features.live.shopper_state import Purchase
from features.time_units import DAY_S
from recommender.customers.profile import Expected, Refill
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.customer_tables import CustomerTable
from recommender.value.reorder_timing import due

MOST = 10
LEAST_CHANCE = 0.05  # of buying again, below which nothing is said of a product


class Basket(NamedTuple):
    """A live order: epoch s, items (int32 rows), how many of each, and the money of it at the prices on the
    shelf."""

    at: float
    items: tuple[int, ...]
    quantities: tuple[float, ...]
    revenue: float

    @property
    def day(self) -> int:
        return int(self.at // DAY_S)


def basket_of(order: Purchase, bundle: Bundle, shelf: Availability) -> Basket:
    pairs = zip(order.product_ids, order.quantities, strict=True)
    rows = [(bundle.tables.products.row(product), quantity) for product, quantity in pairs]
    sold = [(item, quantity) for item, quantity in rows if item >= 0]
    money = sum(float(np.nan_to_num(shelf.price[item])) * quantity for item, quantity in sold)
    items, quantities = zip(*sold, strict=True) if sold else ((), ())
    return Basket(order.at_ms / 1000, items, quantities, money)


def refills(
    bundle: Bundle, people: CustomerTable, row: int, baskets: Sequence[Basket], today: int
) -> list[Refill]:
    """What they are most likely to buy again, by day."""
    habits = people.reorder.of(row)
    for basket in baskets:
        for item, packs in zip(basket.items, basket.quantities, strict=True):
            habits = habits.bought(item, basket.day, packs)
    if not len(habits.item):
        return []
    found = due(people.reorder, habits, today)
    likely = np.flatnonzero(found.chance >= LEAST_CHANCE)
    best = likely[np.argsort(-found.chance[likely], kind="stable")[:MOST]]
    return [
        Refill(
            product_id=bundle.tables.products.name(int(habits.item[place])),
            bought=int(habits.times[place]),
            next=Expected.of(found.day[place], found.earliest[place], found.latest[place]),
            chance=round(float(found.chance[place]), 4),
        )
        for place in sorted(best.tolist(), key=lambda place: float(found.day[place]))
    ]
