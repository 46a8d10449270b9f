"""Which sources answer which placement, and how loud each one speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.context.request import PLACEMENTS, Situation
from recommender.kernels.ranking import Rates
from recommender.sources import als as personal
from recommender.sources import cart as carts
from recommender.sources import neighbours as sources
from recommender.sources import next_basket, upgrades
from recommender.sources import session as sessions
from recommender.sources.candidates import Candidates

Propose = Callable[[Situation], Candidates]


class Source(NamedTuple):
    """`name` is what answers call it; `weight` is what its best product counts, 0: it is not asked."""

    name: str
    weight: float
    propose: Propose


SourceMix = tuple[Source, ...]


class Stage(NamedTuple):
    """Sources that are asked together. names and weights: of each."""

    sources: SourceMix
    names: tuple[str, ...]
    weights: Rates

    @classmethod
    def of(cls, recipe: SourceMix) -> Stage:
        weights = np.array([source.weight for source in recipe], np.float64)
        return cls(recipe, tuple([source.name for source in recipe]), weights)


POPULAR = Source("popular", 0.05, sources.popular)
FILLERS: SourceMix = (Source("popular", 1.0, sources.popular_nearby), POPULAR)

# The weights are those of a shop with too little data to learn its own (`training.run.source_weights`).
SOURCE_MIXES: dict[str, SourceMix] = {
    "home": (
        Source("browsing", 1.0, sessions.next_in_visit),
        Source("next_basket", 0.9, next_basket.next_basket),
        Source("als", 0.1, personal.for_you),
        Source("co_purchase", 0.5, sources.cart_companions),
    ),
    "product_similar": (Source("similar", 1.0, sources.similar),),
    "product_complements": (Source("co_purchase", 1.0, sources.complements),),
    "upgrade": (Source("upgrade", 1.0, upgrades.step_up),),
    "cart": (
        Source("co_purchase", 1.0, carts.completion),
        Source("co_purchase", 0.0, carts.ranked),
        Source("next_basket", 0.0, next_basket.next_basket),
        Source("als", 0.0, personal.for_you),
    ),
    "buy_again": (
        Source("repeat", 1.0, next_basket.bought_before),
        Source("repeat", 0.5, personal.usual),
    ),
    "post_purchase": (
        Source("co_purchase", 1.0, sources.order_companions),
        Source("als", 0.2, personal.for_you),
        Source("next_basket", 0.0, next_basket.next_basket),
    ),
    "trending": (Source("trending", 1.0, sources.trending),),
    "new": (Source("new", 1.0, sources.newest),),
    "email": (
        Source("next_basket", 1.0, next_basket.next_basket),
        Source("browsing", 0.6, sessions.next_in_visit),
        Source("als", 0.0, personal.for_you),
        Source("co_purchase", 0.0, sources.order_companions),
    ),
}
MOST_SOURCES = max(map(len, SOURCE_MIXES.values()))


def fixed_weights() -> NDArray[np.float32]:
    """(placements, MOST_SOURCES) float32, rows as in PLACEMENTS, columns as in the recipe; 0 beyond it."""
    weights = np.zeros((len(PLACEMENTS), MOST_SOURCES), np.float32)
    for row, placement in enumerate(PLACEMENTS):
        recipe = SOURCE_MIXES[placement]
        weights[row, : len(recipe)] = [source.weight for source in recipe]
    return weights


def courses(weights: NDArray[np.float32]) -> Mapping[str, Sequence[Stage]]:
    """What is asked for each placement, one course after the other until an answer is full.

    First the sources with a bundle's weights, in the shape of `fixed_weights`; then those that are silent
    there, as for somebody without views where visits tell most; then best sellers, nearby ones before others.
    """
    recipes = {
        placement: (*_parted(SOURCE_MIXES[placement], row.tolist()), FILLERS)
        for placement, row in zip(PLACEMENTS, weights, strict=True)
    }
    return {
        placement: [Stage.of(recipe) for recipe in parts if recipe] for placement, parts in recipes.items()
    }


def _parted(recipe: SourceMix, weights: Sequence[float]) -> tuple[SourceMix, SourceMix]:
    """The sources that speak, and those that do not though they would by the fixed weights."""
    pairs = list(zip(recipe, weights, strict=False))
    return (
        tuple(source._replace(weight=weight) for source, weight in pairs if weight > 0),
        tuple(source for source, weight in pairs if weight <= 0 < source.weight),
    )
