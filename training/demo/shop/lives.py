"""A customer's life with the shop: when each order comes, what is in it, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from training.demo.shop.baskets import Basket, Shelf
from training.demo.shop.catalogue import Product
from training.demo.shop.offers import COUPONS, NO_OFFER, Decision, decide, in_force
from training.demo.shop.people import Customer, Refill
from training.demo.shop.season import FUTURE_DAYS, HISTORY_DAYS, Calendar

POSTAGE_PRICE, POSTAGE_FREE_FROM = 4.9, 49.0
PUBLIC_COUPON = "KETTLE10"
SALE_DAYS = 14
DRAWN_WITHIN = 0.3  # of a refill's rhythm: how far it draws an order to its due day


@dataclass(slots=True)
class Order:
    """Money in EUR. `revenue` is goods less discount; `margin` is that less costs and postage given away."""

    day: float
    basket: Basket
    prices: dict[int, float]
    discount: float
    coupon: str | None
    postage: float
    revenue: float
    margin: float
    decision: Decision | None


@dataclass(slots=True)
class Life:
    """A customer with all orders, those of the year after the history's end included.

    `refills` are the habits as they stood at the history's end.
    """

    customer: Customer
    decisions: list[Decision]
    orders: list[Order] = field(default_factory=list)
    refills: list[Refill] = field(default_factory=list)

    @property
    def past(self) -> list[Order]:
        return [order for order in self.orders if order.day < HISTORY_DAYS]


def live(customer: Customer, shelf: Shelf, rng: np.random.Generator) -> Life:
    """Orders come by chance at the customer's own rate; one near a refill's due day is drawn to it."""
    natural = _order_days(customer, shelf.calendar, rng)
    life = Life(customer, decide(customer, natural, shelf.dice))
    induced = [decision.induced for decision in life.decisions if decision.induced is not None]
    days = sorted(natural + induced)
    for day in (day for day in days if day < HISTORY_DAYS):
        life.orders.append(_order(life, _drawn_to_refill(life, day, shelf), shelf))
    life.refills = [replace(refill) for refill in customer.refills]
    for day in (day for day in days if day >= HISTORY_DAYS):
        life.orders.append(_order(life, _drawn_to_refill(life, day, shelf), shelf))
    life.orders.sort(key=lambda order: order.day)
    kept = (order for order in life.orders[1:] if shelf.trials.comes(customer.customer_id, order.day))
    life.orders[1:] = list(kept)
    return life


def _order_days(customer: Customer, calendar: Calendar, rng: np.random.Generator) -> list[float]:
    """The first order, then a Poisson process in business time until the customer leaves."""
    last = min(customer.leaves, HISTORY_DAYS + FUTURE_DAYS - 1)
    begin, end = calendar.to_business([customer.first, last])
    count = rng.poisson(customer.rate * max(0.0, end - begin))
    later = calendar.to_days(np.sort(rng.uniform(begin, end, count)))
    return [customer.first, *map(float, later)]


def _drawn_to_refill(life: Life, day: float, shelf: Shelf) -> float:
    """The due day of the nearest refill, within its reach; the counts of no period may change by it."""
    near = [r for r in life.customer.refills if abs(r.due - day) <= DRAWN_WITHIN * r.every]
    if not near:
        return day
    refill = min(near, key=lambda r: abs(r.due - day))
    due = refill.due + shelf.dice.gauss(0, 0.05 * refill.every)
    edges = (life.customer.first, HISTORY_DAYS, life.customer.leaves, HISTORY_DAYS + FUTURE_DAYS - 1)
    crosses = any((day < edge) != (due < edge) for edge in edges)
    same_offer = in_force(life.decisions, day) is in_force(life.decisions, due)
    return due if same_offer and not crosses else day


def _order(life: Life, day: float, shelf: Shelf) -> Order:
    customer, dice = life.customer, shelf.dice
    hour = shelf.calendar.at_an_hour(day, dice.random())
    at = hour if (hour < HISTORY_DAYS) == (day < HISTORY_DAYS) else day
    basket = shelf.fill(customer, at)
    prices = {row: _price(shelf.products[row], at) for row in basket}
    goods = sum(prices[row] * packs for row, packs in basket.items())
    cost = sum(shelf.products[row].cost * packs for row, packs in basket.items())
    decision = _redeemed(life, at, dice)
    offer = decision.offer if decision else NO_OFFER
    coupon = COUPONS.get(offer) or (PUBLIC_COUPON if dice.random() < 0.3 * customer.affinity else None)
    discount = round(min(goods, _discount(coupon, goods)), 2)
    given_away = postage(goods) if offer == "free_shipping" else 0.0
    revenue = round(goods - discount, 2)
    return Order(
        day=at,
        basket=basket,
        prices=prices,
        discount=discount,
        coupon=coupon,
        postage=postage(goods) - given_away,
        revenue=revenue,
        margin=revenue - cost - given_away,
        decision=decision,
    )


def postage(goods: float) -> float:
    """What a parcel with goods of this worth costs the shopper."""
    return 0.0 if goods >= POSTAGE_FREE_FROM else POSTAGE_PRICE


def _price(product: Product, day: float) -> float:
    """A running sale began a fortnight before the history's end."""
    return product.paid if day > HISTORY_DAYS - SALE_DAYS else product.price


def _redeemed(life: Life, day: float, dice: Random) -> Decision | None:
    """The offer in force, once: always by those it brought, else by those who look for discounts."""
    decision = in_force(life.decisions, day)
    if decision is None or decision.offer == NO_OFFER or any(o.decision is decision for o in life.orders):
        return None
    uses = decision.induced is not None or dice.random() < 0.35 + 0.6 * life.customer.affinity
    return decision if uses else None


def _discount(coupon: str | None, goods: float) -> float:
    if coupon in (PUBLIC_COUPON, COUPONS["percent_10"]):
        return 0.1 * goods
    return 5.0 if coupon == COUPONS["amount_5"] else 0.0
