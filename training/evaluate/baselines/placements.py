"""Simple methods for every placement, each from what the placement starts from: a history, a cart, a page."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.context.request import Situation
from recommender.model.bundle import Bundle
from recommender.sources.als import PURCHASE_CONFIDENCE, Taste, fold_in, own_purchases
from training.data.history import History
from training.data.interactions import buyer_items, order_items, session_items
from training.evaluate.baselines.cart import CART_EASE_RIDGE, SUPPORT, pair_measures
from training.models.ease import ease_companions
from training.settings import TrainingSettings

BUYERS_EASE_RIDGE = 300.0
FADE = 0.7  # of each earlier view

Scores = Callable[[Situation], NDArray[np.floating]]
"""(n_items) of a situation; 0: not proposed."""


def best_sellers(bundle: Bundle) -> Scores:
    """What most buyers bought of late, the same for everybody."""
    ranking = bundle.tables.popular
    scores = np.zeros(len(bundle.tables.products))
    scores[ranking.items] = np.arange(len(ranking.items), 0, -1)
    return lambda _: scores


def placement_baselines(history: History, bundle: Bundle) -> Mapping[str, Mapping[str, Scores]]:
    """What a placement starts from -> the name of a method -> its scores."""
    settings, orders = TrainingSettings(), order_items(history)
    cosine = pair_measures(orders)[1]
    pairs = {
        "item cosine": cosine,
        "ease": ease_companions(orders, CART_EASE_RIDGE, settings.ease_products, settings.ease_kept),
    }
    by_buyers = ease_companions(
        buyer_items(history), BUYERS_EASE_RIDGE, settings.ease_products, settings.ease_kept
    )
    sessions = (
        {"item cosine": pair_measures(session_items(history), SUPPORT)[1]} if history.n_sessions else {}
    )
    popular = best_sellers(bundle)

    def frequency(situation: Situation) -> NDArray[np.floating]:
        items, times, _ = own_purchases(situation)
        scores = popular(situation) / (popular(situation).max() + 1.0)
        scores[items] += times
        return np.asarray(scores)

    def methods(taste: Callable[[Situation], Taste], tables: Mapping[str, csr_matrix]) -> dict[str, Scores]:
        return {
            "best sellers": popular,
            **{name: _summed(table, taste) for name, table in tables.items()},
            "als": _als(bundle, taste),
        }

    own = {"personal frequency": frequency}
    return {
        "nothing": {"best sellers": popular},
        "history": methods(of_history, pairs | {"ease": by_buyers}) | own,
        "last order": methods(of_last_order, pairs) | own,
        "cart": methods(of_cart, pairs) | own,
        "page": methods(of_page, pairs | {f"{name} of visits": table for name, table in sessions.items()}),
        "views": methods(of_views, sessions),
    }


def of_history(situation: Situation) -> Taste:
    bought = situation.purchases
    return Taste(bought.items, bought.confidence)


def of_last_order(situation: Situation) -> Taste:
    return _evenly(np.array(situation.last_order, np.int32))


def of_cart(situation: Situation) -> Taste:
    return _evenly(situation.cart)


def of_page(situation: Situation) -> Taste:
    return _evenly(np.array([situation.product], np.int32))


def of_views(situation: Situation) -> Taste:
    """The latest first."""
    faded = FADE ** np.arange(len(situation.viewed))
    return Taste(situation.viewed, (1.0 + faded * (PURCHASE_CONFIDENCE - 1.0)).astype(np.float32))


def _evenly(items: NDArray[np.int32]) -> Taste:
    return Taste(items, np.full(len(items), PURCHASE_CONFIDENCE, np.float32))


def _summed(table: csr_matrix, taste: Callable[[Situation], Taste]) -> Scores:
    """The rows of the products, each weighing what is beyond the confidence of no purchase."""

    def scores(situation: Situation) -> NDArray[np.floating]:
        items, confidence = taste(situation)
        return np.asarray((confidence - 1.0) @ table[items], np.float32).ravel()

    return scores


def _als(bundle: Bundle, taste: Callable[[Situation], Taste]) -> Scores:
    factors = bundle.tables.factors

    def scores(situation: Situation) -> NDArray[np.floating]:
        known = taste(situation)
        if not len(known.items):
            return np.zeros(len(factors.items), np.float32)
        return np.asarray(factors.items @ fold_in(factors, known), np.float32)

    return scores
