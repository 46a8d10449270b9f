"""The narrow interface of customer models, and a model without any training."""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from features.time_units import DAY_MS
from recommender.arrays.dtypes import Float64s
from recommender.lifecycle.vocabulary.customer import NO_ORDERS, CustomerStats, Person, RefillForecast
from recommender.model.bundle import Tables

Bought = Sequence[
    tuple[Sequence[tuple[int, float]], int]
]  # (item, quantity) of an order, its day; oldest first
SHOP_GAP_DAYS, GAP_PRIOR = 60.0, 2.0  # a customer's own gaps are averaged with two of 60 days
CHANCE_PRIOR = 2.0


class CustomerModel(Protocol):
    """customer: their row, -1 for one that the model does not know. Days since 1970."""

    def stats(self, customer: int, fresh: Bought, spent: float, today: int) -> CustomerStats:
        """fresh: orders since training; spent: the sum of their money."""

    def person(self, _customer: int, /) -> Person: ...

    def rank(self, revenue: float) -> float:
        """Share of the shop's customers who spent more."""

    def refills(self, customer: int, fresh: Bought, _today: int, /) -> tuple[RefillForecast, ...]:
        """The products that they buy again. fresh: orders since training."""


class HeuristicModel:
    """From purchases and the usual gaps between them alone."""

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
        gap = (days[-1] - days[0] + GAP_PRIOR * SHOP_GAP_DAYS) / (len(days) - 1 + GAP_PRIOR)
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
        n = len(self._sorted_spend)
        return float(n - np.searchsorted(self._sorted_spend, revenue, side="right")) / max(n, 1)

    def refills(self, customer: int, fresh: Bought, _today: int, /) -> tuple[RefillForecast, ...]:
        """The gap is an average of the product's and the customer's own."""
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
