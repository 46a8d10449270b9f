"""What the customer-value and reorder models say of a customer, moved at once by what they ordered since."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.time_units import DAY_MS
from recommender.lifecycle.models import Bought, Figures, PlainFigures
from recommender.lifecycle.vocabulary.customer import NOBODYS, Person, Refill, Worth
from recommender.model.bundle import Tables
from recommender.model.customer_tables import CustomerTable
from recommender.value.customer_value import churn_risk
from recommender.value.reorder_timing import due


class LearnedFigures(PlainFigures):
    """From the fitted models."""

    def __init__(self, tables: Tables, people: CustomerTable) -> None:
        super().__init__(tables)
        self._facts, self._value, self._reorder = people.facts, people.value, people.reorder

    @cached_property
    def _sorted_spend(self) -> NDArray[np.float64]:
        return np.sort(self._facts.revenue)

    def worth(self, customer: int, fresh: Bought, spent: float, today: int) -> Worth:
        known = self._value.customer(customer)
        for place, (_, day) in enumerate(fresh):
            known = known.ordered(day, spent if place == len(fresh) - 1 else 0.0)
        if known.order_days[0] < 1:
            return NOBODYS
        orders = int(self._facts.orders[customer]) if customer >= 0 else 0
        revenue = spent + (float(self._facts.revenue[customer]) if customer >= 0 else 0.0)
        last_ms = int(self._facts.last[customer]) * 1000 if customer >= 0 else 0
        return Worth(
            revenue=revenue,
            orders=orders + len(fresh),
            churn_risk=float(churn_risk(self._value.order_model, known.seen(today, self._value.clock))[0]),
            rank=self.rank(revenue),
            last_order_ms=max([last_ms, *(day * DAY_MS for _, day in fresh)]),
        )

    def person(self, customer: int, /) -> Person:
        if customer < 0:
            return Person()
        consent = int(self._facts.consent[customer])
        country = self._facts.word(self._facts.country, customer)
        return Person(None if consent < 0 else consent == 1, country)

    def refills(self, customer: int, fresh: Bought, today: int, /) -> tuple[Refill, ...]:
        habits = self._reorder.of(customer)
        for items, day in fresh:
            for item, packs in items:
                habits = habits.bought(item, day, packs)
        if not len(habits.item):
            return ()
        when = due(self._reorder, habits, today)
        name = self._tables.products.name
        columns = (habits.item, habits.times, habits.last_day, when.day, when.chance)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return tuple(Refill(name(item), n, last, day, day - last, p) for item, n, last, day, p in rows)


def figures_of(tables: Tables) -> Figures:
    """By the fitted models where the bundle has them."""
    return PlainFigures(tables) if tables.people is None else LearnedFigures(tables, tables.people)
