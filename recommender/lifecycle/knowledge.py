"""What lifecycle decisions need from a model and its availability: products, customers, refills."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from features.catalogue.price_and_stock_news import News
from features.live.customer_facts import CustomerState
from features.live.shopper_state import Purchase
from features.outgoing.trigger_queue import TriggerState
from features.time_units import DAY_MS, HOUR_MS
from recommender.arrays.id_map import NO_ROW
from recommender.context.request import Request
from recommender.customers.tiers import TierPlan
from recommender.experiments.assignment import Trials
from recommender.experiments.holdout import popular_for_holdout
from recommender.experiments.plan import OFFERS
from recommender.lifecycle.models import Bought, CustomerModel
from recommender.lifecycle.plan import MessagePlan, ended, plan
from recommender.lifecycle.timing import accepts
from recommender.lifecycle.trials import settings_for
from recommender.lifecycle.vocabulary.customer import (
    NO_ORDERS,
    Customer,
    CustomerStats,
    LiveProduct,
    Person,
    RefillForecast,
    SentMessage,
    WaitingTrigger,
)
from recommender.lifecycle.vocabulary.occasion import ABOUT_ORDERS, Suggested, Trigger
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.recommend import Recommender


@dataclass(frozen=True)
class Knowledge:
    """One model version with the availability of now. recommender, customer_model None: no model yet.

    customer_model: of the recommender's bundle; news: of products whose price or stock changed; tiers: the
    merchant's; trials: who is held out of promotion, and who may get which offers; began_ms: see `Customer`.
    """

    recommender: Recommender | None = None
    customer_model: CustomerModel | None = None
    news: Mapping[str, News] = field(default_factory=dict)
    tiers: TierPlan = field(default_factory=TierPlan)
    trials: Trials = field(default_factory=Trials)
    began_ms: int = 0

    def decide(
        self, customer_id: str, trigger_state: TriggerState, now_ms: int, settings: Settings
    ) -> MessagePlan:
        """Which messages a customer gets now."""
        trial = self.trials.of(customer_id, OFFERS, now_ms / 1000)
        customer = self.customer(customer_id, trigger_state, now_ms)
        recommender = self.recommender_for(customer_id, now_ms / 1000)

        def suggest(campaign: Suggested) -> tuple[str, ...]:
            return suggested(recommender, customer, campaign, now_ms, settings.products)

        return plan(customer, now_ms, settings_for(trial, settings), suggest)

    def still_due(
        self, trigger: Trigger, trigger_state: TriggerState, now_ms: int, settings: Settings
    ) -> Trigger | None:
        """A trigger that was handed out, with those of its products that are sold now; None: its reason or
        their consent is gone, or nothing is left to show."""
        trial = self.trials.of(trigger.customer_id, OFFERS, now_ms / 1000)
        customer, own = (
            self.customer(trigger.customer_id, trigger_state, now_ms),
            settings_for(trial, settings),
        )
        if not accepts(customer, trigger.channel, trigger.kind, own):
            return None
        if trigger.id in ended(customer, now_ms, own):
            return None
        if trigger.kind in ABOUT_ORDERS or not trigger.products:
            return trigger
        products = tuple(product for product in trigger.products if self._is_sold(product))
        return msgspec.structs.replace(trigger, products=products) if products else None

    def _is_sold(self, product_id: str) -> bool:
        live = self.live_product(product_id)
        return live is not None and live.in_stock

    @cached_property
    def _popular(self) -> Recommender | None:
        return self.recommender and popular_for_holdout(self.recommender)

    def recommender_for(self, customer_id: str, now: float) -> Recommender | None:
        """Whatever recommends to this customer: to who is held out, best sellers. now: epoch s."""
        held_out = self.trials.of(customer_id, OFFERS, now).treated.held_out
        return self._popular if held_out else self.recommender

    def knows(self, customer_id: str) -> bool:
        """Whether the customer is in the model."""
        return self.recommender is not None and self.recommender.bundle.tables.customers.row(customer_id) >= 0

    def consents(self, customer_id: str, state: CustomerState, channel: str) -> bool | None:
        """Their latest consent or refusal, as `Customer.consents`, without all that makes a customer."""
        stated = state.consents(channel)
        if (
            stated is not None
            or channel != "email"
            or self.recommender is None
            or self.customer_model is None
        ):
            return stated
        return self.customer_model.person(self.recommender.bundle.tables.customers.row(customer_id)).email

    def customer(self, customer_id: str, trigger_state: TriggerState, now_ms: int) -> Customer:
        """A customer's events together with what the model says of them."""
        row = self._row(customer_id, now_ms)
        fresh = self._fresh_orders(row, trigger_state.life)
        return Customer(
            id=customer_id,
            state=trigger_state.life,
            products=self,
            person=self.customer_model.person(row) if self.customer_model else Person(),
            stats=self._stats(row, trigger_state.life, fresh, now_ms),
            refills=self._refills(row, fresh, now_ms),
            done=trigger_state.done,
            contacts=tuple(SentMessage(at, of) for of, at in trigger_state.contacts.items()),
            waiting=tuple(
                WaitingTrigger(each.id, each.at_ms, each.keys, each.expires_ms)
                for each in trigger_state.waiting
            ),
            tiers=self.tiers,
            began_ms=self.began_ms,
        )

    def live_product(self, product_id: str) -> LiveProduct | None:
        """None: it may not be shown, or neither the model nor the live catalogue knows it."""
        price, in_stock, news = math.nan, False, self.news.get(product_id)
        item = self.recommender.bundle.tables.products.row(product_id) if self.recommender else -1
        if self.recommender is not None and item >= 0:
            availability = self.recommender.availability
            if not availability.offered[item]:
                return None
            price, in_stock = float(availability.price[item]), bool(availability.in_stock[item])
        elif news is not None:
            price, in_stock = math.nan if news.price is None else news.price, news.in_stock
        else:
            return None
        if news is None:
            return LiveProduct(price, in_stock)
        return LiveProduct(price, in_stock, news.price_before, news.dropped_ms, news.out_ms, news.back_ms)

    def category(self, product_id: str) -> str | None:
        """Of a product that the model knows."""
        if self.recommender is None:
            return None
        tables = self.recommender.bundle.tables
        item = tables.products.row(product_id)
        row = int(tables.product.category[item]) if item >= 0 else NO_ROW
        return tables.categories.name(row) if row != NO_ROW else None

    def _row(self, customer_id: str, now_ms: int) -> int:
        """-1 where the model does not know them, or was trained after `now_ms`, with events still to come."""
        if self.recommender is None:
            return -1
        bundle = self.recommender.bundle
        late = bundle.manifest.data_until_ms > now_ms + HOUR_MS
        return -1 if late else bundle.tables.customers.row(customer_id)

    def _fresh_orders(self, row: int, state: CustomerState) -> tuple[Purchase, ...]:
        """Orders since training, newest first."""
        if self.recommender is None or row < 0:
            return state.shopper.purchases
        return state.shopper.purchased_since(self.recommender.bundle.manifest.data_until_ms)

    def _stats(
        self, row: int, state: CustomerState, fresh: tuple[Purchase, ...], now_ms: int
    ) -> CustomerStats:
        spent = [self._value(order) for order in fresh]
        newest = max((order.at_ms for order in state.shopper.purchases), default=0)
        if self.customer_model is None:
            return NO_ORDERS._replace(orders=len(fresh), last_order_ms=newest)
        stats = self.customer_model.stats(row, self._bought(fresh), sum(spent), now_ms // DAY_MS)
        return stats._replace(
            orders=max(stats.orders, len(state.shopper.purchases)),
            last_order_ms=max(newest, stats.last_order_ms),
            spend_before=stats.revenue - spent[0] if spent else None,
        )

    def _value(self, order: Purchase) -> float:
        """The money of an order at today's prices, as the log does not keep those of its day."""
        products = [self.live_product(product) for product in order.product_ids]
        prices = [product.price if product is not None and product.price > 0 else 0.0 for product in products]
        return sum(price * n for price, n in zip(prices, order.quantities, strict=True))

    def _refills(self, row: int, fresh: tuple[Purchase, ...], now_ms: int) -> tuple[RefillForecast, ...]:
        if self.customer_model is None:
            return ()
        return self.customer_model.refills(row, self._bought(fresh), now_ms // DAY_MS)

    def _bought(self, fresh: tuple[Purchase, ...]) -> Bought:
        """Orders as (item, quantity) lists with their days, oldest first."""
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
    recommender: Recommender | None, customer: Customer, campaign: Suggested, now_ms: int, k: int
) -> tuple[str, ...]:
    """Recommended products for a message that names none."""
    if recommender is None:
        return ()
    asked = Request("email", now_ms / 1000, customer.state.shopper, customer.id)
    as_named = {"placement": "new"} if campaign == "new" else {"campaign": campaign}
    request = msgspec.structs.replace(asked, **as_named)
    name = recommender.bundle.tables.products.name
    return tuple(name(pick.item) for pick in recommender.recommend(request, k, customer.id))
