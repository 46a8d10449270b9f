"""What a bundle holds of offers: `OfferModel` as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from recommender.id_map import IdMap
from recommender.offer_model import OfferModel, Stage

STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True)
class OfferTable:
    """As in `OfferModel`; stage: (1) int8, of STAGES; order_chance: (1) float64."""

    features: IdMap
    arms: IdMap
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    worlds: NDArray[np.float64]
    stage: NDArray[np.int8]
    order_chance: NDArray[np.float64]

    @classmethod
    def of(cls, model: OfferModel) -> OfferTable:
        return cls(
            features=IdMap.build(model.features),
            arms=IdMap.build(model.arms),
            centre=model.centre,
            scale=model.scale,
            worlds=model.worlds,
            stage=np.array([STAGES.index(model.stage)], np.int8),
            order_chance=np.array([model.order_chance]),
        )

    @cached_property
    def model(self) -> OfferModel:
        """As decisions use it."""
        return OfferModel(
            features=tuple(map(self.features.name, range(len(self.features)))),
            centre=self.centre,
            scale=self.scale,
            arms=tuple(map(self.arms.name, range(len(self.arms)))),
            worlds=self.worlds,
            stage=STAGES[int(self.stage[0])],
            order_chance=float(self.order_chance[0]),
        )
