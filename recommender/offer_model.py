"""What each offer is believed to bring: a posterior, kept as worlds that could all be the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recommender.offer_catalogue import Offer
from recommender.offer_eligibility import Asked

N_WORLDS = 200
UPLIFT, UPLIFT_SPREAD = 0.02, 0.03
"""What is believed of an offer nobody got yet: chances of one more order a decision, mean and spread."""
Stage = Literal["thin", "single", "personal"]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class OfferModel:
    """worlds: (n_worlds, n_arms, 1 + n_features) float64, incremental margin of an arm after its cost, a
    decision, is worlds @ [1, z] with z = (feature - centre) / scale.

    stage: `thin` while some arm has too few decisions, `single` while the best arm for all has not been
    beaten, then `personal`. order_chance: that somebody asked about orders anyway within an offer's days.
    """

    features: tuple[str, ...]
    centre: Numbers
    scale: Numbers
    arms: tuple[str, ...]
    worlds: Numbers
    stage: Stage
    order_chance: float = 0.1

    @classmethod
    def untaught(cls, features: Sequence[str] = ()) -> OfferModel:
        """Knows nothing yet: every offer is worth what offers usually are."""
        k = len(features)
        nothing = np.empty((N_WORLDS, 0, 1 + k))
        return cls(tuple(features), np.zeros(k), np.ones(k), (), nothing, "thin")

    def stage_for(self, offers: Sequence[Offer]) -> Stage:
        """An offer that nobody got yet makes thin what was proven for the others."""
        return self.stage if all(offer.id in self.arms for offer in offers) else "thin"

    def worth(self, offers: Sequence[Offer], asked: Asked, *, personal: bool) -> Numbers:
        """(n_worlds, n_offers): incremental margin for this customer, or for the average one."""
        row = self._row(asked) if personal else np.eye(1, 1 + len(self.features))[0]
        columns = [
            self.worlds[:, self.arms.index(offer.id)] @ row
            if offer.id in self.arms
            else self._untried(offer, asked)
            for offer in offers
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(self.worlds), 0))

    def expected_cost(self, offer: Offer, asked: Asked) -> float:
        """Money that giving this offer takes from its budgets: its cost where it is used."""
        return (self.order_chance + UPLIFT) * offer.costs(asked.basket)

    def _row(self, asked: Asked) -> Numbers:
        known = np.array(
            [asked.features.get(name, mean) for name, mean in zip(self.features, self.centre, strict=True)]
        )
        return np.concatenate([[1.0], np.clip((known - self.centre) / self.scale, -3, 3)])

    def _untried(self, offer: Offer, asked: Asked) -> Numbers:
        """uplift x (margin - cost) - chance of an order anyway x cost, over draws of the prior."""
        n = len(self.worlds)
        uplift = UPLIFT + UPLIFT_SPREAD * _draws(n, offer.id)
        cost = offer.costs(asked.basket)
        return np.asarray(uplift * (asked.margin - cost) - self.order_chance * cost)


def _draws(n: int, name: str) -> Numbers:
    """(n) standard normal numbers of the name's own, the same each time: offers are believed apart."""
    seed = int.from_bytes(name.encode()[-8:].rjust(8, b"\0"), "big")
    return np.random.default_rng(seed).standard_normal(n)
