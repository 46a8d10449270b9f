"""When a customer is expected to need a product again: for reasons in `buy_again`, `next_order` and e-mails.

Training has computed the days; those of products bought since then are computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from features.time_units import DAY_MS
from recommender.customers.profile import LAST_DAY_OF_CALENDAR
from recommender.value.reorder_timing import BOUGHT_ELSEWHERE, Habits, due

if TYPE_CHECKING:
    from recommender.context.request import Situation

REFILL_PLACEMENTS = frozenset({"buy_again", "next_order", "email"})  # whose reasons name the day
MIN_TIMES = 2  # a single purchase shows no habit


class RefillDue(NamedTuple):
    """How often it was bought; when it is expected again, and the ends of 90 %, in days since 1970."""

    times: int
    day: int
    earliest: int
    latest: int


def refill_due(situation: Situation, item: int) -> RefillDue | None:
    """None where no day is known, or it is too long past."""
    customers = situation.bundle.tables.people
    if customers is None:
        return None
    table = customers.reorder
    position = table.position(situation.customer, item)
    if item in situation.fresh_purchases:
        habits = table.habits.where(slice(position, position + 1)) if position >= 0 else None
        habits = _bought_since(situation, item, habits)
        expected = due(table, habits, situation.today)
        times, days = int(habits.times[0]), (expected.day[0], expected.earliest[0], expected.latest[0])
    elif position < 0 or (times := table.times.item(position)) < MIN_TIMES:
        return None
    else:
        days = tuple(table.expected[position].tolist())
    refill = RefillDue(times, *(int(min(day, LAST_DAY_OF_CALENDAR)) for day in days))
    late = refill.day + BOUGHT_ELSEWHERE * (refill.day - situation.last_bought[item])
    return refill if times >= MIN_TIMES and situation.today <= late else None


def _bought_since(situation: Situation, item: int, habits: Habits | None) -> Habits:
    """Habits after the orders since training, oldest first."""
    row = situation.bundle.tables.products.row
    for order in reversed(situation.shopper.purchased_since(situation.trained_until_ms)):
        for product, packs in zip(order.product_ids, order.quantities, strict=True):
            if row(product) == item:
                day = order.at_ms // DAY_MS
                habits = (
                    Habits.first_purchase(item, day, packs)
                    if habits is None
                    else habits.bought(item, day, packs)
                )
    return habits if habits is not None else Habits.first_purchase(item, situation.fresh_purchases[item])
