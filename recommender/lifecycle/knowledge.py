"""What a model and its shelf know for lifecycle decisions: goods, a customer's worth, what runs out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from features.catalogue.price_and_stock_news import News
from features.live.customer_facts import CustomerState
from features.live.shopper_state import Purchase
from features.outgoing.trigger_queue import Standing
from recommender.context.request import Request
from recommender.customers.tiers import TierPlan
from recommender.experiments.assignment import Trials
from recommender.experiments.holdout import popular_for_holdout
from recommender.experiments.plan import OFFERS
from recommender.lifecycle.models import Bought, Figures
from recommender.lifecycle.plan import Plan, plan
from recommender.lifecycle.trials import settings_for
from recommender.lifecycle.vocabulary.customer import (
    NOBODYS,
    Contact,
    Customer,
    Good,
    Person,
    Refill,
    Waiting,
    Worth,
)
from recommender.lifecycle.vocabulary.occasion import DAY_MS, HOUR_MS, Suggested
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.recommend import Recommender


@dataclass(frozen=True)
class Knowledge:
    """Of one model version over the shelf as it is now. recommender and figures None: there is no model yet.

    figures: of the recommender's bundle; news: of the products that are asked for, where there is any; tiers:
    the merchant's; trials: who is held out of promotion, and who may get which offers; began_ms: as of
    `Customer`.
    """

    recommender: Recommender | None = None
    figures: Figures | None = None
    news: Mapping[str, News] = field(default_factory=dict)
    tiers: TierPlan = field(default_factory=TierPlan)
    trials: Trials = field(default_factory=Trials)
    began_ms: int = 0

    def decide(self, customer_id: str, standing: Standing, now_ms: int, settings: Settings) -> Plan:
        """What to say to a customer now."""
        trial = self.trials.of(customer_id, OFFERS, now_ms / 1000)
        customer = self.customer(customer_id, standing, now_ms)
        chooser = self._popular if trial.treated.held_out else self.recommender

        def suggest(placement: Suggested) -> tuple[str, ...]:
            return suggested(chooser, customer, placement, now_ms, settings.products)

        return plan(customer, now_ms, settings_for(trial, settings), suggest)

    @cached_property
    def _popular(self) -> Recommender | None:
        return self.recommender and popular_for_holdout(self.recommender)

    def knows(self, customer_id: str) -> bool:
        """Whether the model has seen them."""
        return self.recommender is not None and self.recommender.bundle.tables.customers.row(customer_id) >= 0

    def customer(self, customer_id: str, standing: Standing, now_ms: int) -> Customer:
        """Their events under what the model says."""
        row = self._row(customer_id, now_ms)
        fresh = self._fresh_orders(row, standing.life)
        return Customer(
            id=customer_id,
            life=standing.life,
            goods=self,
            person=self.figures.person(row) if self.figures else Person(),
            worth=self._worth(row, standing.life, fresh, now_ms),
            refills=self._refills(row, fresh, now_ms),
            done=standing.done,
            contacts=tuple(Contact(at, of) for of, at in standing.contacts.items()),
            waiting=tuple(
                Waiting(each.id, each.at_ms, each.keys, each.expires_ms) for each in standing.waiting
            ),
            tiers=self.tiers,
            began_ms=self.began_ms,
        )

    def good(self, product_id: str) -> Good | None:
        """None: it may not be shown, or neither the model nor the live catalogue knows it."""
        price, in_stock, news = math.nan, False, self.news.get(product_id)
        item = self.recommender.bundle.tables.products.row(product_id) if self.recommender else -1
        if self.recommender is not None and item >= 0:
            shelf = self.recommender.availability
            if not shelf.offered[item]:
                return None
            price, in_stock = float(shelf.price[item]), bool(shelf.in_stock[item])
        elif news is not None:
            price, in_stock = math.nan if news.price is None else news.price, news.in_stock
        else:
            return None
        if news is None:
            return Good(price, in_stock)
        return Good(price, in_stock, news.price_before, news.dropped_ms, news.out_ms, news.back_ms)

    def _row(self, customer_id: str, now_ms: int) -> int:
        """-1 where the model does not know them, or was trained later: then it knows what is yet to come."""
        if self.recommender is None:
            return -1
        bundle = self.recommender.bundle
        late = bundle.manifest.data_until_ms > now_ms + HOUR_MS
        return -1 if late else bundle.tables.customers.row(customer_id)

    def _fresh_orders(self, row: int, life: CustomerState) -> tuple[Purchase, ...]:
        """Orders that the model has not seen, newest first."""
        if self.recommender is None or row < 0:
            return life.shopper.purchases
        return life.shopper.purchased_since(self.recommender.bundle.manifest.data_until_ms)

    def _worth(self, row: int, life: CustomerState, fresh: tuple[Purchase, ...], now_ms: int) -> Worth:
        spent = [self._value(order) for order in fresh]
        newest = max((order.at_ms for order in life.shopper.purchases), default=0)
        if self.figures is None:
            return NOBODYS._replace(orders=len(fresh), last_order_ms=newest)
        known = self.figures.worth(row, self._bought(fresh), sum(spent), now_ms // DAY_MS)
        return known._replace(
            orders=max(known.orders, len(life.shopper.purchases)),
            last_order_ms=max(newest, known.last_order_ms),
            spend_before=known.revenue - spent[0] if spent else None,
        )

    def _value(self, order: Purchase) -> float:
        """What an order is worth, at today's prices: the log does not keep those of its day."""
        goods = [self.good(product) for product in order.product_ids]
        prices = [good.price if good is not None and good.price > 0 else 0.0 for good in goods]
        return sum(price * n for price, n in zip(prices, order.quantities, strict=True))

    def _refills(self, row: int, fresh: tuple[Purchase, ...], now_ms: int) -> tuple[Refill, ...]:
        if self.figures is None:
            return ()
        return self.figures.refills(row, self._bought(fresh), now_ms // DAY_MS)

    def _bought(self, fresh: tuple[Purchase, ...]) -> Bought:
        """Orders in the model's terms, oldest first."""
        if self.recommender is None:
            return []
        row = self.recommender.bundle.tables.products.row
        oldest_first = sorted(fresh, key=lambda order: order.at_ms)
        return [
            (
                [
                    (row(p), n)
                    for p, n in zip(order.product_ids, order.quantities, strict=True)
                    if row(p) >= 0
                ],
                order.at_ms // DAY_MS,
            )
            for order in oldest_first
        ]


def suggested(
    recommender: Recommender | None, customer: Customer, placement: Suggested, now_ms: int, k: int
) -> tuple[str, ...]:
    """Products for a message that names none."""
    if recommender is None:
        return ()
    request = Request(placement, now_ms / 1000, customer.life.shopper, customer.id)
    name = recommender.bundle.tables.products.name
    return tuple(name(pick.item) for pick in recommender.recommend(request, k, customer.id))
