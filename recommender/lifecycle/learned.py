"""The customer-value and reorder models for lifecycle decisions, updated by orders since training."""

from functools import cached_property

import numpy as np

from features.time_units import DAY_MS
from recommender.arrays.dtypes import Float64s
from recommender.lifecycle.models import Bought, CustomerModel, HeuristicModel
from recommender.lifecycle.vocabulary.customer import NO_ORDERS, CustomerStats, Person, RefillForecast
from recommender.model.bundle import Tables
from recommender.model.customer_tables import CustomerTable
from recommender.value.customer_value import churn_risk
from recommender.value.reorder_timing import due


class LearnedModel(HeuristicModel):
    """From the fitted models."""

    def __init__(self, tables: Tables, customers: CustomerTable) -> None:
        super().__init__(tables)
        self._facts, self._value, self._reorder = customers.facts, customers.value, customers.reorder

    @cached_property
    def _sorted_spend(self) -> Float64s:
        return np.sort(self._facts.revenue)

    def stats(self, customer: int, fresh: Bought, spent: float, today: int) -> CustomerStats:
        customer_numbers = self._value.customer(customer)
        for i, (_, day) in enumerate(fresh):
            customer_numbers = customer_numbers.ordered(day, spent if i == len(fresh) - 1 else 0.0)
        if customer_numbers.order_days[0] < 1:
            return NO_ORDERS
        orders = int(self._facts.orders[customer]) if customer >= 0 else 0
        revenue = spent + (float(self._facts.revenue[customer]) if customer >= 0 else 0.0)
        last_ms = int(self._facts.last[customer]) * 1000 if customer >= 0 else 0
        return CustomerStats(
            revenue=revenue,
            orders=orders + len(fresh),
            churn_risk=float(
                churn_risk(self._value.order_model, customer_numbers.summary(today, self._value.calendar))[0]
            ),
            rank=self.rank(revenue),
            last_order_ms=max([last_ms, *(day * DAY_MS for _, day in fresh)]),
        )

    def person(self, customer: int, /) -> Person:
        if customer < 0:
            return Person()
        consent = int(self._facts.consent[customer])
        country = self._facts.word(self._facts.country, customer)
        return Person(None if consent < 0 else consent == 1, country)

    def refills(self, customer: int, fresh: Bought, today: int, /) -> tuple[RefillForecast, ...]:
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
        return tuple(
            RefillForecast(name(item), n, last, day, day - last, p) for item, n, last, day, p in rows
        )


def customer_model_of(tables: Tables) -> CustomerModel:
    """The fitted models where the bundle has them, else heuristics."""
    return HeuristicModel(tables) if tables.people is None else LearnedModel(tables, tables.people)
