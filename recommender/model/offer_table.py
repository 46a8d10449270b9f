"""A bundle's table of offers: `OfferModel` as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s, Int32s
from recommender.arrays.id_map import NO_ROW, IdMap
from recommender.offers.budgets import NAMED, Traffic, traffic_of
from recommender.offers.incremental_margin import CHANCES, OFFER_FEATURES, EvidenceLevel, OfferModel

ARRAYS = ("centre", "scale", "worlds", "response", "size", "used", "average", "anyway")
STAGES: tuple[EvidenceLevel, ...] = get_args(EvidenceLevel)


@dataclass(frozen=True)
class OfferTable:
    """As in `OfferModel`; stage: (1) int8, of STAGES. traffic: (n, n_features + 7) float64, recent decisions,
    rows as in `traffic_of`; traffic_names: (n, 4) int32, rows of `words`, NO_ROW where a name is not known;
    daily: (1) float64, decisions a day."""

    features: IdMap
    arms: IdMap
    words: IdMap
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
    traffic_names: Int32s
    daily: Float64s

    @classmethod
    def of(
        cls, model: OfferModel, traffic: Float64s, names: Sequence[Sequence[str | None]], daily: float
    ) -> OfferTable:
        """names: (n, 4), of each row of the traffic, as in `traffic_of`."""
        words = IdMap.build(sorted({name for row in names for name in row if name is not None}))
        rows = [NO_ROW if name is None else words.row(name) for row in names for name in row]
        return cls(
            features=IdMap.build(model.features),
            arms=IdMap.build(model.arms),
            words=words,
            **_as_they_are(model),
            stage=np.array([STAGES.index(model.stage)], np.int8),
            traffic=traffic,
            traffic_names=np.array(rows, np.int32).reshape(len(traffic), len(NAMED)),
            daily=np.array([daily]),
        )

    @cached_property
    def expected_traffic(self) -> Traffic:
        """The customers to expect, for whom budgets must last."""
        names = [
            [None if row == NO_ROW else self.words.name(row) for row in rows]
            for rows in self.traffic_names.tolist()
        ]
        return traffic_of(self.traffic, (*OFFER_FEATURES, *CHANCES), names, float(self.daily[0]))

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
