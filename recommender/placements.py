"""Which sources answer which placement, and how loud each one speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from recommender import carts, next_basket, personal, sessions, sources
from recommender.candidates import Candidates
from recommender.request import Situation


class Source(NamedTuple):
    """`name` is what answers call it; `weight` is what its best product counts."""

    name: str
    weight: float
    propose: Callable[[Situation], Candidates]


POPULAR = Source("popular", 0.05, sources.popular)

RECIPES: dict[str, tuple[Source, ...]] = {
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
    "cart": (Source("co_purchase", 1.0, carts.completion),),
    "buy_again": (
        Source("repeat", 1.0, next_basket.bought_before),
        Source("repeat", 0.5, personal.usual),
    ),
    "post_purchase": (
        Source("co_purchase", 1.0, sources.order_companions),
        Source("als", 0.2, personal.for_you),
    ),
    "trending": (Source("trending", 1.0, sources.trending),),
    "new": (Source("new", 1.0, sources.newest),),
    "email": (
        Source("next_basket", 1.0, next_basket.next_basket),
        Source("browsing", 0.6, sessions.next_in_visit),
    ),
}
