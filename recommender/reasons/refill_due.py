"""When what a customer buys again and again runs out: for the reasons of `buy_again` and of e-mails.

Training has worked the days out; only what was bought since then is worked out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from features.time_units import DAY_MS
from recommender.customers.profile import LAST_DAY
from recommender.value.reorder_timing import Habits, due

if TYPE_CHECKING:
    from recommender.context.request import Situation

TELL_WHEN = frozenset({"buy_again", "email"})  # placements whose reasons do
LEAST_TIMES = 2  # bought once says little of a habit
LATE = 0.5  # of the wait past the expected day: then they have found another way


class RunsOut(NamedTuple):
    """How often it was bought; when it is expected again, and the ends of 90 %, in days since 1970."""

    times: int
    day: int
    earliest: int
    latest: int


def runs_out(situation: Situation, item: int) -> RunsOut | None:
    """None where it is not known, or no longer to be expected."""
    people = situation.bundle.tables.people
    if people is None:
        return None
    table = people.reorder
    place = table.place(situation.customer, item)
    if item in situation.fresh_purchases:
        habits = table.habits.where(slice(place, place + 1)) if place >= 0 else None
        habits = _bought_since(situation, item, habits)
        found = due(table, habits, situation.today)
        times, days = int(habits.times[0]), (found.day[0], found.earliest[0], found.latest[0])
    elif place < 0 or (times := table.times.item(place)) < LEAST_TIMES:
        return None
    else:
        days = tuple(table.expected[place].tolist())
    said = RunsOut(times, *(int(min(day, LAST_DAY)) for day in days))
    late = said.day + LATE * (said.day - situation.last_bought[item])
    return said if times >= LEAST_TIMES and situation.today <= late else None


def _bought_since(situation: Situation, item: int, habits: Habits | None) -> Habits:
    """With the orders since training, oldest first."""
    row = situation.bundle.tables.products.row
    for order in reversed(situation.shopper.purchased_since(situation.trained_until_ms)):
        for product, packs in zip(order.product_ids, order.quantities, strict=True):
            if row(product) == item:
                day = order.at_ms // DAY_MS
                habits = Habits.begun(item, day, packs) if habits is None else habits.bought(item, day, packs)
    return habits if habits is not None else Habits.begun(item, situation.fresh_purchases[item])
