"""The incremental margin of each offer: a posterior, kept as samples ("worlds") of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numba import types

from recommender.arrays.dtypes import Bools, Float64s
from recommender.kernels.compiled import (
    FLOAT64_CUBE,
    FLOAT64_ROWS,
    FLOAT64_ROWS_OUT,
    FLOAT64S,
    compiled,
    tuple_of,
)
from recommender.offers.catalogue import Offer
from recommender.offers.eligibility import OfferContext
from recommender.value.order_models import OrderModel, OrderSummary, p_alive

OFFER_FEATURES = ("basket_log", "discount_share", "has_cart")
"""Features by which an offer's effect differs between customers."""
CHANCES = ("stays", "anyway")
"""Chances that a customer has not left for good, and that they order within SOON_WEEKS without an offer."""
SOON_WEEKS = 2.0
USUAL_DISCOUNTS, USUAL_ORDERS = 0.6, 4.0
"""A share of discounted orders is pulled towards .15, as if by four orders."""


def features_of(basket: Any, discounted: Any, has_cart: Any) -> dict[str, Any]:
    """By the names of OFFER_FEATURES; numbers, or arrays of one length. basket: money."""
    return dict(zip(OFFER_FEATURES, (np.log(basket), discounted, has_cart), strict=True))


def discount_share(discounted: Any, orders: Any) -> Any:
    """Share of orders with a discount, shrunk towards the usual share while orders are few."""
    return (discounted + USUAL_DISCOUNTS) / (orders + USUAL_ORDERS)


def chances_of(model: OrderModel, summary: OrderSummary) -> dict[str, Float64s]:
    """By the names of CHANCES, (n) each. That a customer may leave within these weeks is ignored."""
    stays = p_alive(model, summary)
    rate = (model.r + summary.frequency) / (model.alpha + summary.age)
    return dict(zip(CHANCES, (stays, -np.expm1(-SOON_WEEKS * stays * rate)), strict=True))


N_WORLDS = 200
RESPONSE, RESPONSE_SPREAD = 0.35, 0.2
"""Prior: an offer that costs a tenth of the order brings .035 +- .02 orders a customer."""
DEVIATION = 0.01
"""Prior standard deviation of an offer's lift from the usual lift of offers that cost as much."""
MOST_GENEROUS = 0.5
"""Share of the order above which a larger offer brings no more orders."""
CART = 0.1
"""Prior: how much likelier an order is with something in the cart."""
LIKELIEST = 0.95
ARMS_CACHED = 100  # of some tens of kilobytes each
EvidenceLevel = Literal["thin", "single", "personal"]
ArmColumns = tuple[Float64s, Float64s, Float64s, Float64s]  # of `ArmParameters`
ARMS = tuple_of(FLOAT64S, FLOAT64_CUBE, FLOAT64_ROWS, FLOAT64S)


class ArmParameters(NamedTuple):
    """Those of some offers, as in `OfferModel`. tried: (n_arms) bool, whether each was ever given."""

    response: Float64s
    worlds: Float64s
    size: Float64s
    used: Float64s
    tried: Bools


@dataclass(frozen=True)
class OfferModel:
    """Lift, the chance of one more order, of an arm in a world: stays x (response x cost / basket +
    worlds @ [1, z]), z = (feature - centre) / scale. Incremental margin: lift x (size x margin - used x cost)
    - anyway x used x cost.

    worlds: (n_worlds, n_arms, 1 + n_features) float64; response: (n_worlds); size: (n_worlds, n_arms), the
    margin of orders that an offer brings over the expected margin (orders for free postage are small); used:
    (n_arms), the share of an offer's cost that orders with it bear; average: (n_worlds, n_arms),
    mean incremental margin over the customers of recent decisions; anyway: (2 + n_features), weights of 1,
    the value model's chance of an order, and z.
    stage: `thin` while some arm has too few decisions, `single` while the best arm for all has not been
    beaten, then `personal`.
    """

    features: tuple[str, ...]
    centre: Float64s
    scale: Float64s
    arms: tuple[str, ...]
    worlds: Float64s
    response: Float64s
    size: Float64s
    used: Float64s
    average: Float64s
    anyway: Float64s
    stage: EvidenceLevel

    @classmethod
    def untaught(cls, features: Sequence[str] = ()) -> OfferModel:
        """The prior alone, before any data: every offer brings what offers usually bring."""
        centre, scale = np.zeros(len(features)), np.ones(len(features))
        return cls(
            features=tuple(features),
            centre=centre,
            scale=scale,
            arms=(),
            worlds=np.empty((N_WORLDS, 0, 1 + len(features))),
            response=RESPONSE + RESPONSE_SPREAD * _standard_normals(""),
            size=np.empty((N_WORLDS, 0)),
            used=np.empty(0),
            average=np.empty((N_WORLDS, 0)),
            anyway=usual_anyway(features, centre, scale),
            stage="thin",
        )

    def stage_for(self, offers: Sequence[Offer]) -> EvidenceLevel:
        """`thin` as soon as one of the offers was never given, whatever is proven for the others."""
        return self.stage if self.tried(offers).all() else "thin"

    def tried(self, offers: Sequence[Offer]) -> Bools:
        """(n_offers): whether each was ever given."""
        return self._arms(offers).tried

    def incremental_margin(self, offers: Sequence[Offer], context: OfferContext) -> Float64s:
        """(n_worlds, n_offers): money that each offer brings above no offer from this customer."""
        arms, row, gain = self._arms(offers), self._standardised(context), np.empty(self._shape(offers))
        cost = np.array([offer.costs(context.basket) for offer in offers], np.float64)
        customer = context.basket, context.margin, context.features.get("stays", 1.0)
        _write_gain(arms[:4], cost, row, (*customer, self._chance(context, row)), gain)
        return gain

    def averages(self, offers: Sequence[Offer]) -> Float64s:
        """(n_worlds, n_offers): mean incremental margin of each over all customers. All must be tried."""
        return self.average[:, [self._arm_index[offer.id] for offer in offers]]

    def anyway_chance(self, context: OfferContext) -> float:
        """The chance that they order without an offer within the time that an offer would be valid."""
        return self._chance(context, self._standardised(context))

    def _chance(self, context: OfferContext, row: Float64s) -> float:
        chance = self.anyway[0] + self.anyway[1] * context.features.get("anyway", 0.1)
        return min(max(float(chance + self.anyway[2:] @ row[1:]), 0.0), LIKELIEST)

    def _shape(self, offers: Sequence[Offer]) -> tuple[int, int]:
        return len(self.response), len(offers)

    @cached_property
    def _arm_index(self) -> Mapping[str, int]:
        return {name: arm for arm, name in enumerate(self.arms)}

    @cached_property
    def _arms_of(self) -> dict[tuple[str, ...], ArmParameters]:
        """Cache: the same few offers may be given all day."""
        return {}

    def _arms(self, offers: Sequence[Offer]) -> ArmParameters:
        names = tuple([offer.id for offer in offers])
        if names not in self._arms_of:
            if len(self._arms_of) >= ARMS_CACHED:
                self._arms_of.clear()
            self._arms_of[names] = self._gathered(names)
        return self._arms_of[names]

    def _gathered(self, names: Sequence[str]) -> ArmParameters:
        """An offer that was never given lifts as usual, give or take DEVIATION, and all of it is used."""
        n_worlds, n_weights = self.worlds.shape[0], self.worlds.shape[2]
        worlds, size = np.zeros((n_worlds, len(names), n_weights)), np.ones((n_worlds, len(names)))
        used, tried = np.ones(len(names)), np.array([name in self._arm_index for name in names], bool)
        for column, name in enumerate(names):
            if (arm := self._arm_index.get(name)) is not None:
                worlds[:, column], size[:, column] = self.worlds[:, arm], self.size[:, arm]
                used[column] = self.used[arm]
            else:
                worlds[:, column, 0] = DEVIATION * _standard_normals(name)
        return ArmParameters(np.array(self.response, np.float64), worlds, size, used, tried)

    def _standardised(self, context: OfferContext) -> Float64s:
        seen, known = (
            zip(self.features, self.centre.tolist(), self.scale.tolist(), strict=True),
            context.features,
        )
        values = [(known.get(name, centre) - centre) / scale for name, centre, scale in seen]
        return np.array([1.0, *(min(max(value, -3.0), 3.0) for value in values)])


@compiled((ARMS, FLOAT64S, FLOAT64S, tuple_of(*[types.float64] * 4), FLOAT64_ROWS_OUT))
def _write_gain(
    arms: ArmColumns,
    cost: Float64s,
    row: Float64s,
    customer: tuple[float, float, float, float],
    gain: Float64s,
) -> None:
    """customer: basket, margin, chances that they stay and that they order anyway."""
    (response, worlds, size, used), (basket, margin, stays, anyway) = arms, customer
    for arm in range(len(cost)):
        paid, generous = cost[arm] * used[arm], min(cost[arm] / max(basket, 1e-9), MOST_GENEROUS)
        for world in range(len(response)):
            lift = response[world] * generous
            for weight in range(len(row)):
                lift += worlds[world, arm, weight] * row[weight]
            gain[world, arm] = stays * lift * (size[world, arm] * margin - paid) - anyway * paid


def usual_anyway(features: Sequence[str], centre: Float64s, scale: Float64s) -> Float64s:
    """(2 + n_features): prior weights of the chance to order anyway."""
    weights = np.array([0.0, 1.0, *[0.0] * len(features)])
    if "has_cart" in features:
        position = list(features).index("has_cart")
        weights[0], weights[2 + position] = CART * centre[position], CART * scale[position]
    return weights


def _standard_normals(name: str) -> Float64s:
    """(N_WORLDS) standard normal numbers seeded by the name, so that offers are independent of each other."""
    seed = int.from_bytes(name.encode()[-8:].rjust(8, b"\0"), "big")
    return np.random.default_rng(seed).standard_normal(N_WORLDS)
