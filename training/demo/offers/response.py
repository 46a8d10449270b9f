"""How the demo shop's customers respond to an offer: as a draw, and in expectation."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import gamma

from recommender.arrays.dtypes import Float64s, Int64s
from training.demo.offers.customers import SimulatedTotals, Truth
from training.demo.shop.customer_histories import POSTAGE_FREE_FROM, POSTAGE_PRICE
from training.demo.shop.offers import VALID_DAYS
from training.demo.shop.people import BASKET_SHAPE


class SimulatedOutcome(NamedTuple):
    """Outcomes of decisions, (m) each: ordered 0 or 1; goods, paid (cost of the offer) and margin in EUR."""

    ordered: Float64s
    goods: Float64s
    paid: Float64s
    margin: Float64s


@dataclass(frozen=True)
class Response:
    """margin_share: of an order's value, before discounts."""

    truth: Truth
    margin_share: float

    def anyway(self, day: float) -> Float64s:
        """(n) chance of an order within an offer's days without it."""
        stays = self.truth.leaves > day
        return np.asarray(stays * (1 - np.exp(-VALID_DAYS * self.truth.rate)))

    def used_anyway(self) -> Float64s:
        """(n) chance that a customer who orders anyway uses the offer."""
        return np.asarray(0.35 + 0.6 * self.truth.affinity)

    def incremental(self, day: float) -> Float64s:
        """(n, 4) expected incremental margin of each arm; the last arm is no offer."""
        basket, anyway = self.truth.basket, self.anyway(day)
        small = gamma.cdf(POSTAGE_FREE_FROM, BASKET_SHAPE, scale=basket / BASKET_SHAPE)
        cost = np.stack([0.1 * basket, POSTAGE_PRICE * small, np.full(len(basket), 5.0)], axis=1)
        brought = self.truth.uplift * ((self.truth.leaves > day) * (1 - anyway))[:, None]
        gained = brought * (basket[:, None] * self.margin_share - cost)
        given_away = (anyway * self.used_anyway())[:, None] * cost
        return np.hstack([gained - given_away, np.zeros((len(basket), 1))])

    def draw(self, who: Int64s, arm: Int64s, day: float, rng: np.random.Generator) -> SimulatedOutcome:
        """arm: (m), -1 for none."""
        anyway = rng.random(len(who)) < self.anyway(day)[who]
        chance = np.where(arm >= 0, self.truth.uplift[who, np.maximum(arm, 0)], 0.0)
        brought = (rng.random(len(who)) < chance) & ~anyway & (self.truth.leaves[who] > day)
        used = (arm >= 0) & (brought | (anyway & (rng.random(len(who)) < self.used_anyway()[who])))
        ordered = (anyway | brought).astype(np.float64)
        goods = ordered * rng.gamma(BASKET_SHAPE, self.truth.basket[who] / BASKET_SHAPE)
        paid = used * offer_cost(arm, goods)
        return SimulatedOutcome(ordered, goods, paid, goods * self.margin_share - paid)


def offer_cost(arm: Int64s, goods: Float64s) -> Float64s:
    """EUR that the offer costs in an order that uses it. arm: (m), -1 for none."""
    postage = np.where(goods < POSTAGE_FREE_FROM, POSTAGE_PRICE, 0.0)
    each = [np.zeros(len(goods)), 0.1 * goods, postage, np.minimum(5.0, goods)]
    return np.choose(arm + 1, each)


def add_orders(totals: SimulatedTotals, who: Int64s, outcome: SimulatedOutcome, day: float) -> None:
    """Add drawn orders to the totals, dated in the middle of the offer's days."""
    bought = outcome.ordered > 0
    buyers, goods = who[bought], outcome.goods[bought]
    totals.orders[buyers] += 1
    totals.value[buyers] += goods
    totals.discounted[buyers] += outcome.paid[bought] > 0
    totals.last[buyers] = day + VALID_DAYS / 2
