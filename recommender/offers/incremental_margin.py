"""What each offer is believed to bring: a posterior, kept as worlds that could all be the true one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recommender.offers.catalogue import Offer
from recommender.offers.eligibility import OfferContext
from recommender.value.order_models import OrderModel, Summary, p_alive

Numbers = NDArray[np.float64]
FEATURES = ("basket_log", "discount_share", "has_cart")
"""What may change an offer's effect on a customer."""
CHANCES = ("stays", "anyway")
"""That they have not left for good, and that they order within SOON_WEEKS, whatever is offered."""
SOON_WEEKS = 2.0
USUAL_DISCOUNTS, USUAL_ORDERS = 0.6, 4.0
"""A share of discounted orders is pulled towards .15, as if by four orders."""


def features_of(basket: Any, discounted: Any, has_cart: Any) -> dict[str, Any]:
    """By the names of FEATURES; numbers, or arrays of one length. basket: money."""
    return dict(zip(FEATURES, (np.log(basket), discounted, has_cart), strict=True))


def discount_share(discounted: Any, orders: Any) -> Any:
    """Share of orders with a discount, careful while there are few."""
    return (discounted + USUAL_DISCOUNTS) / (orders + USUAL_ORDERS)


def chances_of(model: OrderModel, seen: Summary) -> dict[str, Numbers]:
    """By the names of CHANCES, (n) each. Who leaves within these weeks is left out of account."""
    stays = p_alive(model, seen)
    rate = (model.r + seen.frequency) / (model.alpha + seen.age)
    return dict(zip(CHANCES, (stays, -np.expm1(-SOON_WEEKS * stays * rate)), strict=True))


N_WORLDS = 200
RESPONSE, RESPONSE_SPREAD = 0.35, 0.2
"""Believed before any data: an offer worth a tenth of the order brings .035 +- .02 orders a customer."""
APART = 0.01
"""How far the lift of one offer lies from what its worth makes usual, before it has been tried."""
MOST_GENEROUS = 0.5
"""A share of the order from which more does not bring more."""
CART = 0.1
"""How much likelier an order is with something in the cart, before any data."""
LIKELIEST = 0.95
EvidenceLevel = Literal["thin", "single", "personal"]


@dataclass(frozen=True)
class OfferModel:
    """Lift, the chance of one more order, of an arm in a world: stays x (response x cost / basket +
    worlds @ [1, z]), z = (feature - centre) / scale. Incremental margin: lift x (size x margin - used x cost)
    - anyway x used x cost.

    worlds: (n_worlds, n_arms, 1 + n_features) float64; response: (n_worlds); size: (n_worlds, n_arms), the
    margin of orders that an offer brings over the margin to expect (those for free postage are small); used:
    (n_arms), the share of an offer's cost that orders with it bear; average: (n_worlds, n_arms),
    incremental margin for the customers asked about last; anyway: (2 + n_features), weights of 1, the value
    model's chance of an order, and z.
    stage: `thin` while some arm has too few decisions, `single` while the best arm for all has not been
    beaten, then `personal`.
    """

    features: tuple[str, ...]
    centre: Numbers
    scale: Numbers
    arms: tuple[str, ...]
    worlds: Numbers
    response: Numbers
    size: Numbers
    used: Numbers
    average: Numbers
    anyway: Numbers
    stage: EvidenceLevel

    @classmethod
    def untaught(cls, features: Sequence[str] = ()) -> OfferModel:
        """Knows nothing yet: every offer is worth what offers usually are."""
        centre, scale = np.zeros(len(features)), np.ones(len(features))
        return cls(
            features=tuple(features),
            centre=centre,
            scale=scale,
            arms=(),
            worlds=np.empty((N_WORLDS, 0, 1 + len(features))),
            response=RESPONSE + RESPONSE_SPREAD * _draws(""),
            size=np.empty((N_WORLDS, 0)),
            used=np.empty(0),
            average=np.empty((N_WORLDS, 0)),
            anyway=usual_anyway(features, centre, scale),
            stage="thin",
        )

    def stage_for(self, offers: Sequence[Offer]) -> EvidenceLevel:
        """An offer that nobody got yet makes thin what was proven for the others."""
        return self.stage if all(offer.id in self._places for offer in offers) else "thin"

    def tried(self, offers: Sequence[Offer]) -> NDArray[np.bool_]:
        """(n_offers): whether it was ever given."""
        return np.array([offer.id in self._places for offer in offers], bool)

    def worth(self, offers: Sequence[Offer], asked: OfferContext) -> Numbers:
        """(n_worlds, n_offers): incremental margin for this customer."""
        cost = np.array([offer.costs(asked.basket) for offer in offers])
        places = [self._place(offer) for offer in offers]
        paid = cost * np.append(self.used, 1.0)[places]  # -1, the last: not tried yet
        size = np.hstack([self.size, np.ones((len(self.size), 1))])[:, places]
        generous = np.minimum(cost / max(asked.basket, 1e-9), MOST_GENEROUS)
        row = self._row(asked)
        usual = self.response[:, None] * generous + self._apart(offers, row)
        lift = asked.features.get("stays", 1.0) * usual
        return np.asarray(lift * (size * asked.margin - paid) - self._chance(asked, row) * paid)

    def averages(self, offers: Sequence[Offer]) -> Numbers:
        """(n_worlds, n_offers): what each, all of them tried, brings a customer on average."""
        return self.average[:, [self._places[offer.id] for offer in offers]]

    def anyway_chance(self, asked: OfferContext) -> float:
        """That they order without any offer while one would be valid."""
        return self._chance(asked, self._row(asked))

    def _chance(self, asked: OfferContext, row: Numbers) -> float:
        chance = self.anyway[0] + self.anyway[1] * asked.features.get("anyway", 0.1)
        return min(max(float(chance + self.anyway[2:] @ row[1:]), 0.0), LIKELIEST)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.arms)}

    def _place(self, offer: Offer) -> int:
        return self._places.get(offer.id, -1)

    def _apart(self, offers: Sequence[Offer], row: Numbers) -> Numbers:
        """(n_worlds, n_offers): lift beyond what an offer's worth makes usual."""
        places = [self._place(offer) for offer in offers]
        if min(places, default=-1) >= 0:
            return np.asarray(self.worlds[:, places] @ row)
        columns = [
            self.worlds[:, place] @ row if place >= 0 else APART * _draws(offer.id)
            for place, offer in zip(places, offers, strict=True)
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(self.worlds), 0))

    def _row(self, asked: OfferContext) -> Numbers:
        told = asked.features
        known = [told.get(name, mean) for name, mean in zip(self.features, self.centre.tolist(), strict=True)]
        return np.concatenate([[1.0], np.clip((np.array(known) - self.centre) / self.scale, -3, 3)])


def usual_anyway(features: Sequence[str], centre: Numbers, scale: Numbers) -> Numbers:
    """(2 + n_features): weights of the chance to order anyway, as they are believed before any data."""
    weights = np.array([0.0, 1.0, *[0.0] * len(features)])
    if "has_cart" in features:
        place = list(features).index("has_cart")
        weights[0], weights[2 + place] = CART * centre[place], CART * scale[place]
    return weights


def _draws(name: str) -> Numbers:
    """(N_WORLDS) standard normal numbers of the name's own, the same each time: offers are believed apart."""
    seed = int.from_bytes(name.encode()[-8:].rjust(8, b"\0"), "big")
    return np.random.default_rng(seed).standard_normal(N_WORLDS)
