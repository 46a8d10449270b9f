"""Sources that read tables of products. A source proposes products for a situation; it never filters."""

from collections.abc import Sequence

import numpy as np

from recommender.arrays.dtypes import Int32s
from recommender.arrays.tables import Ranking
from recommender.context.market import country_of
from recommender.context.request import Situation
from recommender.sources.als import own_purchases
from recommender.sources.candidates import Candidates, concatenate, neighbours_of

VIEW_FADE = 0.8  # weight of each viewed product against the one viewed after it
NEARBY_CATEGORIES, NEARBY = 3, 30  # the categories viewed last; best sellers of each
RANK_WEIGHTS = (1 / np.log2(np.arange(NEARBY) + 2)).astype(np.float32)
FAVOURITES, LATEST = 20, 20  # own products that lead to others: bought most often, or last
STRONGEST = 3  # partners of each: or one product would fill the answer with what is like it
MOST_COMPANIONS = 60  # of one product: further ones change no answer, and cost time


def similar(situation: Situation) -> Candidates:
    """Instead of this product."""
    return neighbours_of(situation.bundle.tables.similar, _if_known(situation.product), [1.0])


def complements(situation: Situation) -> Candidates:
    """Bought with this product, and of another kind."""
    return neighbours_of(situation.bundle.tables.complements, _if_known(situation.product), [1.0])


def cart_companions(situation: Situation) -> Candidates:
    """EASE over the cart: score(i) = sum of B_ci over the cart's c (Steck 2019, eq. 8)."""
    return _companions(situation, situation.cart)


def order_companions(situation: Situation) -> Candidates:
    """EASE over the order that the answer goes with."""
    return _companions(situation, situation.order)


def order_complements(situation: Situation) -> Candidates:
    """Bought with what this order holds, and of another kind."""
    return _complements(situation, situation.order)


def own_complements(situation: Situation) -> Candidates:
    """Bought with what the customer bought of late, and of another kind."""
    own = own_purchases(situation)
    latest = np.argsort(-own.last_day, kind="stable")[:LATEST]
    return _complements(situation, own.items[latest])


def like_favourites(situation: Situation) -> Candidates:
    """Instead of what the customer bought most often: the more often, the more it counts."""
    own = own_purchases(situation)
    most = np.lexsort((-own.last_day, -own.orders))[:FAVOURITES]
    weights = own.orders[most].astype(np.float64)
    return neighbours_of(situation.bundle.tables.similar, own.items[most], weights.tolist(), STRONGEST)


def browsing(situation: Situation) -> Candidates:
    """What goes with, and what is like, the products viewed lately; the latest counts most."""
    weights = [VIEW_FADE**age for age in range(len(situation.viewed))]
    tables = situation.bundle.tables
    return concatenate(
        [
            neighbours_of(tables.similar, situation.viewed, weights),
            neighbours_of(tables.complements, situation.viewed, weights),
        ]
    )


def popular(situation: Situation) -> Candidates:
    """What most buyers bought of late; of the request's category, where it has one, else in the shopper's
    country."""
    tables = situation.bundle.tables
    category = tables.categories.row(situation.request.category)
    if category >= 0:
        row = tables.category_popular.of(category)
        return Candidates.unanchored(row.items, row.weights, row.together)
    country = country_of(situation.request, tables) if tables.markets else None
    if country and tables.markets and (here := tables.markets.best_sellers(country)):
        return Candidates.unanchored(here.items, here.weights, here.together)
    return head_of_ranking(tables.popular)


def popular_nearby(situation: Situation) -> Candidates:
    """What sells best in the categories viewed lately, that of the latest view counting most.

    For visitors without other data, on products around which no other visit viewed anything.
    """
    tables = situation.bundle.tables
    category_weights: dict[int, float] = {}
    for age, item in enumerate(situation.viewed.tolist()):
        category = int(tables.product.category[item])
        if category >= 0 and (category in category_weights or len(category_weights) < NEARBY_CATEGORIES):
            category_weights[category] = category_weights.get(category, 0.0) + VIEW_FADE**age
    if not category_weights:
        return Candidates.none()
    rows = [tables.category_popular.of(category) for category in category_weights]
    scores = [
        weight * RANK_WEIGHTS[: len(row.items)]
        for weight, row in zip(category_weights.values(), rows, strict=True)
    ]
    return Candidates.unanchored(
        np.concatenate([row.items[:NEARBY] for row in rows]),
        np.concatenate(scores),
        np.concatenate([row.together[:NEARBY] for row in rows]),
    )


def trending(situation: Situation) -> Candidates:
    """What sells faster now than it used to."""
    return head_of_ranking(situation.bundle.tables.trending)


def newest(situation: Situation) -> Candidates:
    """What came in last."""
    return head_of_ranking(situation.bundle.tables.newest)


def head_of_ranking(table: Ranking, limit: int = 100) -> Candidates:
    """The head of a fixed ranking."""
    return Candidates.unanchored(table.items[:limit], table.scores[:limit], table.counts[:limit])


def _complements(situation: Situation, anchors: Sequence[int] | Int32s) -> Candidates:
    tables = situation.bundle.tables
    return neighbours_of(tables.complements, anchors, [1.0] * len(anchors), MOST_COMPANIONS)


def _companions(situation: Situation, anchors: Sequence[int] | Int32s) -> Candidates:
    return neighbours_of(situation.bundle.tables.companions, anchors, [1.0] * len(anchors), MOST_COMPANIONS)


def _if_known(item: int) -> list[int]:
    return [item] if item >= 0 else []
