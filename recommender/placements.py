"""Which sources answer which placement, and how loud each one speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender import carts, next_basket, personal, sessions, sources
from recommender.candidates import Candidates
from recommender.request import PLACEMENTS, Situation


class Source(NamedTuple):
    """`name` is what answers call it; `weight` is what its best product counts, 0: it is not asked."""

    name: str
    weight: float
    propose: Callable[[Situation], Candidates]


Recipe = tuple[Source, ...]

POPULAR = Source("popular", 0.05, sources.popular)

# The weights are those of a shop with too little data to learn its own (`training.blends`).
RECIPES: dict[str, Recipe] = {
    "home": (
        Source("browsing", 1.0, sessions.next_in_visit),
        Source("next_basket", 0.9, next_basket.next_basket),
        Source("als", 0.1, personal.for_you),
        Source("co_purchase", 0.5, sources.cart_companions),
    ),
    "product_similar": (Source("similar", 1.0, sources.similar),),
    "product_complements": (
        Source("co_purchase", 1.0, sources.complements),
        Source("co_purchase", 0.3, sources.product_companions),
    ),
    "upgrade": (Source("similar", 1.0, sources.step_up),),
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
MOST_SOURCES = max(map(len, RECIPES.values()))


def fixed_weights() -> NDArray[np.float32]:
    """(placements, MOST_SOURCES) float32, rows as in PLACEMENTS, columns as in the recipe; 0 beyond it."""
    weights = np.zeros((len(PLACEMENTS), MOST_SOURCES), np.float32)
    for row, placement in enumerate(PLACEMENTS):
        recipe = RECIPES[placement]
        weights[row, : len(recipe)] = [source.weight for source in recipe]
    return weights


def weighted(weights: NDArray[np.float32]) -> Mapping[str, Recipe]:
    """The recipes with a bundle's weights, in the shape of `fixed_weights`, less the silent sources."""
    return {
        placement: tuple(
            source._replace(weight=weight)
            for source, weight in zip(RECIPES[placement], row.tolist(), strict=False)
            if weight > 0
        )
        for placement, row in zip(PLACEMENTS, weights, strict=True)
    }
