"""A bundle's table of offers: `OfferModel` as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s
from recommender.arrays.id_map import IdMap
from recommender.offers.budgets import Traffic, traffic_of
from recommender.offers.incremental_margin import CHANCES, OFFER_FEATURES, EvidenceLevel, OfferModel

ARRAYS = ("centre", "scale", "worlds", "response", "size", "used", "average", "anyway")
STAGES: tuple[EvidenceLevel, ...] = get_args(EvidenceLevel)


@dataclass(frozen=True)
class OfferTable:
    """As in `OfferModel`; stage: (1) int8, of STAGES. traffic: (n, n_features + 4) float64, recent decisions,
    rows as in `traffic_of`; daily: (1) float64, decisions a day."""

    features: IdMap
    arms: IdMap
    centre: Float64s
    scale: Float64s
    worlds: Float64s
    response: Float64s
    size: Float64s
    used: Float64s
    average: Float64s
    anyway: Float64s
    stage: NDArray[np.int8]
    traffic: Float64s
    daily: Float64s

    @classmethod
    def of(cls, model: OfferModel, traffic: Float64s, daily: float) -> OfferTable:
        return cls(
            features=IdMap.build(model.features),
            arms=IdMap.build(model.arms),
            **_as_they_are(model),
            stage=np.array([STAGES.index(model.stage)], np.int8),
            traffic=traffic,
            daily=np.array([daily]),
        )

    @cached_property
    def expected_traffic(self) -> Traffic:
        """The customers to expect, for whom budgets must last."""
        return traffic_of(self.traffic, (*OFFER_FEATURES, *CHANCES), float(self.daily[0]))

    @cached_property
    def model(self) -> OfferModel:
        """The model that decisions use."""
        return OfferModel(
            features=tuple(map(self.features.name, range(len(self.features)))),
            arms=tuple(map(self.arms.name, range(len(self.arms)))),
            **_as_they_are(self),
            stage=STAGES[int(self.stage[0])],
        )


def _as_they_are(table: OfferModel | OfferTable) -> dict[str, Float64s]:
    """The arrays that both have."""
    return {name: getattr(table, name) for name in ARRAYS}
