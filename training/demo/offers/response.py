"""What the demo shop's customers do with an offer: drawn, and in expectation, as its generator has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from training.demo.offers.customers import Seen, Truth
from training.demo.shop.lives import POSTAGE_FREE_FROM, POSTAGE_PRICE
from training.demo.shop.offers import VALID_DAYS
from training.demo.shop.people import BASKET_SHAPE

Numbers = NDArray[np.float64]
Picks = NDArray[np.int64]


class Outcome(NamedTuple):
    """What came of decisions, (m) each: ordered 0 or 1; EUR of goods, taken by the offer, margin after it."""

    ordered: Numbers
    goods: Numbers
    paid: Numbers
    margin: Numbers


@dataclass(frozen=True)
class Response:
    """margin_share: of an order's worth, before discounts."""

    truth: Truth
    margin_share: float

    def anyway(self, day: float) -> Numbers:
        """(n) chance of an order within an offer's days without it."""
        stays = self.truth.leaves > day
        return np.asarray(stays * (1 - np.exp(-VALID_DAYS * self.truth.rate)))

    def used_anyway(self) -> Numbers:
        """(n) chance that one who orders anyway uses the offer."""
        return np.asarray(0.35 + 0.6 * self.truth.affinity)

    def incremental(self, day: float) -> Numbers:
        """(n, 4) expected margin above no offer of each arm, the last being none."""
        basket, anyway = self.truth.basket, self.anyway(day)
        small = gamma.cdf(POSTAGE_FREE_FROM, BASKET_SHAPE, scale=basket / BASKET_SHAPE)
        cost = np.stack([0.1 * basket, POSTAGE_PRICE * small, np.full(len(basket), 5.0)], axis=1)
        moved = self.truth.uplift * ((self.truth.leaves > day) * (1 - anyway))[:, None]
        gained = moved * (basket[:, None] * self.margin_share - cost)
        given_away = (anyway * self.used_anyway())[:, None] * cost
        return np.hstack([gained - given_away, np.zeros((len(basket), 1))])

    def draw(self, who: Picks, arm: Picks, day: float, rng: np.random.Generator) -> Outcome:
        """arm: (m), -1 for none."""
        anyway = rng.random(len(who)) < self.anyway(day)[who]
        chance = np.where(arm >= 0, self.truth.uplift[who, np.maximum(arm, 0)], 0.0)
        brought = (rng.random(len(who)) < chance) & ~anyway & (self.truth.leaves[who] > day)
        used = (arm >= 0) & (brought | (anyway & (rng.random(len(who)) < self.used_anyway()[who])))
        ordered = (anyway | brought).astype(np.float64)
        goods = ordered * rng.gamma(BASKET_SHAPE, self.truth.basket[who] / BASKET_SHAPE)
        paid = used * taken(arm, goods)
        return Outcome(ordered, goods, paid, goods * self.margin_share - paid)


def taken(arm: Picks, goods: Numbers) -> Numbers:
    """EUR that the offer takes of an order that uses it. arm: (m), -1 for none."""
    postage = np.where(goods < POSTAGE_FREE_FROM, POSTAGE_PRICE, 0.0)
    each = [np.zeros(len(goods)), 0.1 * goods, postage, np.minimum(5.0, goods)]
    return np.choose(arm + 1, each)


def remember(seen: Seen, who: Picks, outcome: Outcome, day: float) -> None:
    """Adds the orders drawn to what the shop sees, as of the middle of the offer's days."""
    bought = outcome.ordered > 0
    buyers, goods = who[bought], outcome.goods[bought]
    seen.orders[buyers] += 1
    seen.worth[buyers] += goods
    seen.discounted[buyers] += outcome.paid[bought] > 0
    seen.last[buyers] = day + VALID_DAYS / 2
