"""What lifecycle decisions know of a customer, by rules of thumb or by fitted models; live orders count."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from features.time_units import DAY_MS
from recommender.arrays.dtypes import Float64s
from recommender.lifecycle.vocabulary.customer import NO_ORDERS, CustomerStats, Person, RefillForecast
from recommender.model.bundle import Tables
from recommender.model.customer_tables import CustomerTable
from recommender.value.forecast import churn_risk
from recommender.value.reorder_timing import due

Bought = Sequence[
    tuple[Sequence[tuple[int, float]], int]
]  # (item, quantity) of an order, its day; oldest first
SHOP_GAP_DAYS, SHOP_GAP_WEIGHT = 60.0, 2.0  # a customer's own gaps are averaged with two of 60 days
CHANCE_PRIOR = 2.0


class CustomerModel:
    """Without any training: from purchases and the usual gaps between them alone.

    customer: their row, -1 for one that the bundle does not have; days since 1970; fresh: orders since
    training, spent: the sum of their money.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @cached_property
    def _spend(self) -> Float64s:
        """(n_customers): the sum over products of orders times price."""
        bought, price = self._tables.purchases, np.nan_to_num(self._tables.product.price)
        sums = np.concatenate([[0.0], np.cumsum(bought.orders * price[bought.items], dtype=np.float64)])
        return np.asarray(sums[bought.offsets[1:]] - sums[bought.offsets[:-1]])

    @cached_property
    def _sorted_spend(self) -> Float64s:
        return np.sort(self._spend)

    def stats(self, customer: int, fresh: Bought, spent: float, today: int) -> CustomerStats:
        """Churn risk: 0 up to one usual gap without an order, 1/2 after two gaps, 3/4 after three."""
        past = self._tables.next_basket.pasts.of(customer).days
        days = np.unique([*past.tolist(), *(day for _, day in fresh)])
        if not len(days):
            return NO_ORDERS
        gap = (days[-1] - days[0] + SHOP_GAP_WEIGHT * SHOP_GAP_DAYS) / (len(days) - 1 + SHOP_GAP_WEIGHT)
        revenue = spent + (float(self._spend[customer]) if customer >= 0 else 0.0)
        return CustomerStats(
            revenue=revenue,
            orders=len(np.unique(past)) + len(fresh),
            churn_risk=float(1 - 0.5 ** max((today - days[-1]) / gap - 1, 0.0)),
            rank=self.rank(revenue),
            last_order_ms=int(days[-1]) * DAY_MS,
        )

    def person(self, _customer: int, /) -> Person:
        return Person()

    def rank(self, revenue: float) -> float:
        """Share of the shop's customers who spent more."""
        n = len(self._sorted_spend)
        return float(n - np.searchsorted(self._sorted_spend, revenue, side="right")) / max(n, 1)

    def refills(self, customer: int, fresh: Bought, _today: int, /) -> tuple[RefillForecast, ...]:
        """The products that they buy again. The gap is an average of the product's and the customer's own."""
        past = self._tables.next_basket.pasts.of(customer)
        days: dict[int, list[int]] = {}
        for item, day in zip(past.items.tolist(), past.days.tolist(), strict=True):
            days.setdefault(item, []).append(day)
        for items, day in fresh:
            for item, _ in items:
                days.setdefault(item, []).append(day)
        return tuple(self._refill(item, sorted(set(of))) for item, of in days.items())

    def _refill(self, item: int, days: list[int]) -> RefillForecast:
        product = self._tables.product
        own = len(days) - 1
        gap = (days[-1] - days[0] + float(product.repeat_gap[item])) / (own + 1)
        chance = (own + CHANCE_PRIOR * float(product.repeat_rate[item])) / (own + CHANCE_PRIOR)
        name = self._tables.products.name(item)
        return RefillForecast(name, len(days), days[-1], days[-1] + gap, gap, chance)


class FittedModel(CustomerModel):
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
        summary = customer_numbers.summary(today, self._value.calendar)
        orders = int(self._facts.orders[customer]) if customer >= 0 else 0
        revenue = spent + (float(self._facts.revenue[customer]) if customer >= 0 else 0.0)
        last_ms = int(self._facts.last[customer]) * 1000 if customer >= 0 else 0
        return CustomerStats(
            revenue=revenue,
            orders=orders + len(fresh),
            churn_risk=float(churn_risk(self._value, customer_numbers, summary)[0]),
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
    return CustomerModel(tables) if tables.people is None else FittedModel(tables, tables.people)
