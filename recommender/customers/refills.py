"""Products that a customer is likely to buy again, and when; live orders included."""

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

MAX_REFILLS = 10
LEAST_REBUY_CHANCE = 0.05  # of buying again, below which a product is left out


class Basket(NamedTuple):
    """A live order: epoch s, items (rows), how many of each, and its money at today's prices."""

    at: float
    items: tuple[int, ...]
    quantities: tuple[float, ...]
    revenue: float

    @property
    def day(self) -> int:
        return int(self.at // DAY_S)


def basket_of(order: Purchase, bundle: Bundle, availability: Availability) -> Basket:
    pairs = zip(order.product_ids, order.quantities, strict=True)
    rows = [(bundle.tables.products.row(product), quantity) for product, quantity in pairs]
    sold = [(item, quantity) for item, quantity in rows if item >= 0]
    revenue = sum(float(np.nan_to_num(availability.price[item])) * quantity for item, quantity in sold)
    items, quantities = zip(*sold, strict=True) if sold else ((), ())
    return Basket(order.at_ms / 1000, items, quantities, revenue)


def refills(
    bundle: Bundle, customers: CustomerTable, row: int, baskets: Sequence[Basket], today: int
) -> list[Refill]:
    """The likeliest products to be bought again, ordered by day."""
    habits = customers.reorder.of(row)
    for basket in baskets:
        for item, packs in zip(basket.items, basket.quantities, strict=True):
            habits = habits.bought(item, basket.day, packs)
    if not len(habits.item):
        return []
    expected = due(customers.reorder, habits, today)
    likely = np.flatnonzero(expected.chance >= LEAST_REBUY_CHANCE)
    best = likely[np.argsort(-expected.chance[likely], kind="stable")[:MAX_REFILLS]]
    return [
        Refill(
            product_id=bundle.tables.products.name(int(habits.item[i])),
            bought=int(habits.times[i]),
            next=Expected.of(expected.day[i], expected.earliest[i], expected.latest[i]),
            chance=round(float(expected.chance[i]), 4),
        )
        for i in sorted(best.tolist(), key=lambda i: float(expected.day[i]))
    ]
