"""Which sources answer which placement, and with what weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float32s, Float64s
from recommender.context.request import PURPOSES, Situation
from recommender.sources import als, cart, discover, neighbours, next_basket, session, upgrades
from recommender.sources.candidates import Candidates

Propose = Callable[[Situation], Candidates]


class Source(NamedTuple):
    """name: as answers give it; weight: what its best product counts, 0 leaves the source out; live: whether
    it follows what the shopper does right now; is_purpose: what the mix is for, so that no shop learns less
    of it."""

    name: str
    weight: float
    propose: Propose
    live: bool = False
    is_purpose: bool = False


SourceMix = tuple[Source, ...]


class Stage(NamedTuple):
    """Sources whose proposals are blended into one ranking.

    names and weights: of each source; share: how much of an answer to a customer with a history it may fill;
    favourites: what ranks the products that the customer has bought, in an answer with a share of them;
    None: the stage's ranking stays as it is, bought before or not; varied: as in `mixing.second_row_too`;
    live: it has nothing to say where nothing is known of the visit; only_repeats: all it proposes was bought.
    """

    sources: SourceMix
    names: tuple[str, ...]
    weights: Float64s
    share: float = 1.0
    favourites: Stage | None = None
    varied: bool = False
    live: bool = False
    only_repeats: bool = False

    @classmethod
    def of(cls, source_mix: SourceMix, **fields: Any) -> Stage:
        weights = np.array([source.weight for source in source_mix], np.float64)
        names = tuple([source.name for source in source_mix])
        return cls(source_mix, names, weights, only_repeats=set(names) == {"repeat"}, **fields)


POPULAR = Source("popular", 0.05, neighbours.popular)
FILLERS: SourceMix = (Source("popular", 1.0, neighbours.popular_nearby), POPULAR)
ABOUT_THE_PRODUCT = frozenset({"product_similar", "product_complements", "upgrade"})
"""Placements whose answer to a product is rather short than filled with best sellers."""

# The weights are those of a shop with too little data to learn its own (`training.run.source_weights`).
SOURCE_MIXES: dict[str, SourceMix] = {
    "visit": (
        Source("browsing", 1.0, session.next_in_visit, live=True),
        Source("co_purchase", 0.5, neighbours.cart_companions, live=True),
    ),
    "home": (
        Source("next_basket", 1.0, next_basket.next_basket),
        Source("discover", 1.0, discover.discover, live=True),
    ),
    "next_order": (
        Source("next_basket", 1.0, next_basket.next_basket),
        Source("browsing", 0.6, session.next_in_visit, live=True),
        Source("co_purchase", 0.3, neighbours.cart_companions, live=True),
        Source("als", 0.0, als.for_you, live=True),
    ),
    "product_similar": (Source("similar", 1.0, neighbours.similar),),
    "product_complements": (Source("co_purchase", 1.0, neighbours.complements),),
    "upgrade": (Source("upgrade", 1.0, upgrades.step_up),),
    "cart": (
        Source("co_purchase", 1.0, cart.completion),
        Source("co_purchase", 0.0, cart.ranked),
        Source("next_basket", 0.0, next_basket.next_basket),
        Source("als", 0.0, als.for_you, live=True),
    ),
    "buy_again": (
        Source("repeat", 1.0, next_basket.bought_before),
        Source("repeat", 0.5, als.usual),
    ),
    "post_purchase": (
        Source("co_purchase", 1.0, neighbours.order_complements, is_purpose=True),
        Source("co_purchase", 0.5, neighbours.order_companions, is_purpose=True),
        Source("discover", 1.0, discover.discover, live=True),
    ),
    "trending": (Source("trending", 1.0, neighbours.trending),),
    "new": (Source("new", 1.0, neighbours.newest),),
    "newsletter": (
        Source("discover", 1.0, discover.discover, live=True),
        Source("new", 0.5, neighbours.newest),
    ),
    "win_back": (
        Source("similar", 1.0, neighbours.like_favourites),
        Source("discover", 0.5, discover.discover, live=True),
    ),
    "cross_sell": (
        Source("co_purchase", 1.0, neighbours.own_complements),
        Source("discover", 1.0, discover.discover, live=True),
    ),
}
MIXES = tuple(SOURCE_MIXES)
PERSONAL = {"next_basket", "als", "discover"}
THIN_ORDERS = 100  # at which best sellers weigh half as much as what the orders of a customer or product say
LEAST_BACKING = 0.02  # share below which they are left out
MOST_SOURCES = max(map(len, SOURCE_MIXES.values()))

VISIT_SHARE = {"home": 0.5, "newsletter": 0.25, "win_back": 0.25, "cross_sell": 0.25}
"""Purposes that begin with what the visit leads to, and how much of an answer that may fill."""
VARIED = frozenset({"home"})
"""Purposes that show favourites of a second row, too: else `home` would be `buy_again` once more."""
FAVOURITES = dict.fromkeys(("home", "newsletter", "win_back", "cross_sell"), "buy_again")
"""Purposes whose share of favourites another mix than their own ranks."""


def fixed_weights() -> Float32s:
    """(mixes, MOST_SOURCES) float32: rows as in MIXES, columns as in SOURCE_MIXES, then zeros."""
    weights = np.zeros((len(MIXES), MOST_SOURCES), np.float32)
    for row, source_mix in enumerate(SOURCE_MIXES.values()):
        weights[row, : len(source_mix)] = [source.weight for source in source_mix]
    return weights


def stages(weights: Float32s) -> Mapping[str, Sequence[Stage]]:
    """The stages of each purpose; the next one is used where those before it do not fill an answer.

    First what the visit leads to, where the purpose begins with it; then the sources with a weight above 0
    (weights: as `fixed_weights`); then those that have one only by the fixed weights, for shoppers of whom
    the first know nothing; then best sellers, nearby ones first.
    """
    mixes = {mix: _split(SOURCE_MIXES[mix], row.tolist()) for mix, row in zip(MIXES, weights, strict=True)}
    return {purpose: [*_visit_first(purpose, mixes["visit"]), *_own(purpose, mixes)] for purpose in PURPOSES}


def _visit_first(purpose: str, visit: Sequence[SourceMix]) -> list[Stage]:
    share = VISIT_SHARE.get(purpose)
    return (
        [Stage.of(source_mix, share=share, live=True) for source_mix in visit if source_mix] if share else []
    )


def _own(purpose: str, mixes: Mapping[str, Sequence[SourceMix]]) -> list[Stage]:
    kinds = {"favourites": Stage.of(mixes[FAVOURITES.get(purpose, purpose)][0]), "varied": purpose in VARIED}
    own = [Stage.of(source_mix, **kinds) for source_mix in mixes[purpose] if source_mix]
    return [*own, Stage.of(FILLERS, favourites=Stage.of(FILLERS))]


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
