"""The orders of a simulated customer: when each comes, what is in it, and what it costs."""

from dataclasses import dataclass, field, replace
from random import Random

import numpy as np

from recommender.offers.catalogue import NO_OFFER
from training.demo.shop.baskets import Assortment, BasketRows
from training.demo.shop.catalogue import Product
from training.demo.shop.offers import COUPONS, PastDecision, draw_offers, in_force
from training.demo.shop.people import Habit, SimulatedCustomer
from training.demo.shop.season import FUTURE_DAYS, HISTORY_DAYS, Calendar

POSTAGE_PRICE, POSTAGE_FREE_FROM = 4.9, 49.0
PUBLIC_COUPON = "KETTLE10"
SALE_DAYS = 14
REFILL_REACH = 0.3  # of a refill's interval: an order within it moves to the due day


@dataclass(slots=True)
class SimulatedOrder:
    """Money in EUR. `revenue` is goods less discount; `margin` is that less costs and postage given away."""

    day: float
    basket: BasketRows
    prices: dict[int, float]
    discount: float
    coupon: str | None
    postage: float
    revenue: float
    margin: float
    decision: PastDecision | None


@dataclass(slots=True)
class SimulatedHistory:
    """A customer with all orders, including those of the year after the history's end.

    refills: the habits at the history's end.
    """

    customer: SimulatedCustomer
    decisions: list[PastDecision]
    orders: list[SimulatedOrder] = field(default_factory=list)
    refills: list[Habit] = field(default_factory=list)

    @property
    def past(self) -> list[SimulatedOrder]:
        return [order for order in self.orders if order.day < HISTORY_DAYS]


def simulate_customer(
    customer: SimulatedCustomer, assortment: Assortment, rng: np.random.Generator
) -> SimulatedHistory:
    """Draw orders at the customer's own rate; one near the due day of a refill moves to it."""
    uninduced = _order_days(customer, assortment.calendar, rng)
    history = SimulatedHistory(customer, draw_offers(customer, uninduced, assortment.dice))
    induced = [decision.induced for decision in history.decisions if decision.induced is not None]
    days = sorted(uninduced + induced)
    for day in (day for day in days if day < HISTORY_DAYS):
        history.orders.append(_order(history, _moved_to_refill(history, day, assortment), assortment))
    history.refills = [replace(refill) for refill in customer.refills]
    for day in (day for day in days if day >= HISTORY_DAYS):
        history.orders.append(_order(history, _moved_to_refill(history, day, assortment), assortment))
    history.orders.sort(key=lambda order: order.day)
    kept = (
        order
        for order in history.orders[1:]
        if assortment.trials.takes_place(customer.customer_id, order.day)
    )
    history.orders[1:] = list(kept)
    return history


def _order_days(customer: SimulatedCustomer, calendar: Calendar, rng: np.random.Generator) -> list[float]:
    """The first order, then a Poisson process in business time until the customer leaves."""
    last = min(customer.leaves, HISTORY_DAYS + FUTURE_DAYS - 1)
    begin, end = calendar.to_business([customer.first, last])
    count = rng.poisson(customer.rate * max(0.0, end - begin))
    later = calendar.to_days(np.sort(rng.uniform(begin, end, count)))
    return [customer.first, *map(float, later)]


def _moved_to_refill(history: SimulatedHistory, day: float, assortment: Assortment) -> float:
    """The due day of the nearest refill within reach, unless the order would fall into another period."""
    near = [r for r in history.customer.refills if abs(r.due - day) <= REFILL_REACH * r.every]
    if not near:
        return day
    refill = min(near, key=lambda r: abs(r.due - day))
    due = refill.due + assortment.dice.gauss(0, 0.05 * refill.every)
    edges = (history.customer.first, HISTORY_DAYS, history.customer.leaves, HISTORY_DAYS + FUTURE_DAYS - 1)
    crosses = any((day < edge) != (due < edge) for edge in edges)
    same_offer = in_force(history.decisions, day) is in_force(history.decisions, due)
    return due if same_offer and not crosses else day


def _order(history: SimulatedHistory, day: float, assortment: Assortment) -> SimulatedOrder:
    customer, dice = history.customer, assortment.dice
    hour = assortment.calendar.at_an_hour(day, dice.random())
    at = hour if (hour < HISTORY_DAYS) == (day < HISTORY_DAYS) else day
    basket = assortment.fill(customer, at)
    prices = {row: _price(assortment.products[row], at) for row in basket}
    goods = sum(prices[row] * packs for row, packs in basket.items())
    cost = sum(assortment.products[row].cost * packs for row, packs in basket.items())
    decision = _redeemed(history, at, dice)
    offer = decision.offer if decision else NO_OFFER
    coupon = COUPONS.get(offer) or (PUBLIC_COUPON if dice.random() < 0.3 * customer.affinity else None)
    discount = round(min(goods, _discount(coupon, goods)), 2)
    given_away = postage(goods) if offer == "free_shipping" else 0.0
    revenue = round(goods - discount, 2)
    return SimulatedOrder(
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
    """What the shopper pays for postage on goods of this value, EUR."""
    return 0.0 if goods >= POSTAGE_FREE_FROM else POSTAGE_PRICE


def _price(product: Product, day: float) -> float:
    """The price on a day: sale prices hold in the last SALE_DAYS of the history."""
    return product.paid if day > HISTORY_DAYS - SALE_DAYS else product.price


def _redeemed(history: SimulatedHistory, day: float, dice: Random) -> PastDecision | None:
    """The offer in force, if it is used now: once, surely by those it brought, by others with a chance."""
    decision = in_force(history.decisions, day)
    if decision is None or decision.offer == NO_OFFER or any(o.decision is decision for o in history.orders):
        return None
    uses = decision.induced is not None or dice.random() < 0.35 + 0.6 * history.customer.affinity
    return decision if uses else None


def _discount(coupon: str | None, goods: float) -> float:
    if coupon in (PUBLIC_COUPON, COUPONS["percent_10"]):
        return 0.1 * goods
    return 5.0 if coupon == COUPONS["amount_5"] else 0.0
