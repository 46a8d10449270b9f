"""Which sources answer which placement, and with what weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float32s, Float64s
from recommender.context.request import PLACEMENTS, Situation
from recommender.sources import als, cart, neighbours, next_basket, session, upgrades
from recommender.sources.candidates import Candidates

Propose = Callable[[Situation], Candidates]


class Source(NamedTuple):
    """name: as answers give it; weight: what its best product counts, 0 leaves the source out."""

    name: str
    weight: float
    propose: Propose


SourceMix = tuple[Source, ...]


class Stage(NamedTuple):
    """Sources whose proposals are blended into one ranking. names and weights: of each source."""

    sources: SourceMix
    names: tuple[str, ...]
    weights: Float64s

    @classmethod
    def of(cls, source_mix: SourceMix) -> Stage:
        weights = np.array([source.weight for source in source_mix], np.float64)
        return cls(source_mix, tuple([source.name for source in source_mix]), weights)


POPULAR = Source("popular", 0.05, neighbours.popular)
FILLERS: SourceMix = (Source("popular", 1.0, neighbours.popular_nearby), POPULAR)

# The weights are those of a shop with too little data to learn its own (`training.run.source_weights`).
SOURCE_MIXES: dict[str, SourceMix] = {
    "home": (
        Source("browsing", 1.0, session.next_in_visit),
        Source("next_basket", 0.9, next_basket.next_basket),
        Source("als", 0.1, als.for_you),
        Source("co_purchase", 0.5, neighbours.cart_companions),
    ),
    "product_similar": (Source("similar", 1.0, neighbours.similar),),
    "product_complements": (Source("co_purchase", 1.0, neighbours.complements),),
    "upgrade": (Source("upgrade", 1.0, upgrades.step_up),),
    "cart": (
        Source("co_purchase", 1.0, cart.completion),
        Source("co_purchase", 0.0, cart.ranked),
        Source("next_basket", 0.0, next_basket.next_basket),
        Source("als", 0.0, als.for_you),
    ),
    "buy_again": (
        Source("repeat", 1.0, next_basket.bought_before),
        Source("repeat", 0.5, als.usual),
    ),
    "post_purchase": (
        Source("co_purchase", 1.0, neighbours.order_companions),
        Source("als", 0.2, als.for_you),
        Source("next_basket", 0.0, next_basket.next_basket),
    ),
    "trending": (Source("trending", 1.0, neighbours.trending),),
    "new": (Source("new", 1.0, neighbours.newest),),
    "email": (
        Source("next_basket", 1.0, next_basket.next_basket),
        Source("browsing", 0.6, session.next_in_visit),
        Source("als", 0.0, als.for_you),
        Source("co_purchase", 0.0, neighbours.order_companions),
    ),
}
PERSONAL = {"next_basket", "als"}
THIN_ORDERS = 100  # at which best sellers weigh half as much as what the orders of a customer or product say
LEAST_BACKING = 0.02  # share below which they are left out
MOST_SOURCES = max(map(len, SOURCE_MIXES.values()))


def fixed_weights() -> Float32s:
    """(placements, MOST_SOURCES) float32: rows as in PLACEMENTS, columns as in SOURCE_MIXES, then zeros."""
    weights = np.zeros((len(PLACEMENTS), MOST_SOURCES), np.float32)
    for row, placement in enumerate(PLACEMENTS):
        source_mix = SOURCE_MIXES[placement]
        weights[row, : len(source_mix)] = [source.weight for source in source_mix]
    return weights


def stages(weights: Float32s) -> Mapping[str, Sequence[Stage]]:
    """The stages of each placement; the next one is used where those before it do not fill an answer.

    First the sources with a weight above 0 (weights: as `fixed_weights`); then those that have one only by
    the fixed weights, for shoppers of whom the first know nothing; then best sellers, nearby ones first.
    """
    source_mixes = {
        placement: (*_split(SOURCE_MIXES[placement], row.tolist()), FILLERS)
        for placement, row in zip(PLACEMENTS, weights, strict=True)
    }
    return {
        placement: [Stage.of(source_mix) for source_mix in parts if source_mix]
        for placement, parts in source_mixes.items()
    }


def backed(stage: Stage, orders: int) -> Stage:
    """The stage with best sellers beside sources that know orders, the more so the fewer orders there are."""
    names, share = set(stage.names), THIN_ORDERS / (THIN_ORDERS + orders)
    if share < LEAST_BACKING or not (names & PERSONAL or names <= {"co_purchase"}):
        return stage
    weights = np.append(stage.weights, share * stage.weights.max())
    return stage._replace(
        sources=(*stage.sources, POPULAR), names=(*stage.names, POPULAR.name), weights=weights
    )


def _split(source_mix: SourceMix, weights: Sequence[float]) -> tuple[SourceMix, SourceMix]:
    """The sources with a weight above 0, and those without one that have one by the fixed weights."""
    pairs = list(zip(source_mix, weights, strict=False))
    return (
        tuple(source._replace(weight=weight) for source, weight in pairs if weight > 0),
        tuple(source for source, weight in pairs if weight <= 0 < source.weight),
    )
