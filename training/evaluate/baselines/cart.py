"""Simple methods to complete a cart, to compare the served one with."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.context.request import Situation
from recommender.model.bundle import Bundle
from recommender.sources.als import Taste, fold_in, own_purchases
from training.data.history import History
from training.data.interactions import order_items
from training.data.neighbours import inner_products, row_of_each, stacked
from training.measure.compare import Ranker, popularity, scored
from training.models.ease import ease_companions
from training.settings import TrainingSettings

SUPPORT, COSINE_SHRINKAGE = 3, 10.0
CART_EASE_RIDGE, HABIT = 100.0, 0.05


def cart_baselines(history: History, bundle: Bundle, settings: TrainingSettings) -> dict[str, Ranker]:
    """Popularity, pair measures added up over the cart, ALS and EASE, without and with own orders."""
    orders = order_items(history)
    sold = np.asarray(orders.sum(axis=0), np.float32).ravel()
    lift, cosine = pair_measures(orders)
    ease = ease_companions(orders, CART_EASE_RIDGE, settings.ease_products, settings.ease_kept)

    def habit(situation: Situation) -> NDArray[np.float32]:
        items, times, _ = own_purchases(situation)
        scores = _summed_rows(ease, situation.cart)
        scores[items] += HABIT * np.log1p(times).astype(np.float32)
        return scores

    def als(situation: Situation) -> NDArray[np.float32]:
        cart = np.array(situation.cart, np.int32)
        confidence = np.full(len(cart), 1.0 + settings.als_alpha, np.float32)
        factors = bundle.tables.factors
        return np.asarray(factors.items @ fold_in(factors, Taste(cart, confidence)), np.float32)

    def frequency(situation: Situation) -> NDArray[np.float32]:
        items, times, _ = own_purchases(situation)
        scores = sold / (sold.max(initial=0.0) + 1.0)
        scores[items] += times
        return np.asarray(scores, np.float32)

    return {
        "popularity": popularity(bundle),
        "personal frequency": scored(bundle, frequency),
        "lift": scored(bundle, lambda situation: _summed_rows(lift, situation.cart)),
        "item cosine": scored(bundle, lambda situation: _summed_rows(cosine, situation.cart)),
        "als": scored(bundle, als),
        "ease": scored(bundle, lambda situation: _summed_rows(ease, situation.cart)),
        "ease + own orders": scored(bundle, habit),
    }


def pair_measures(orders: csr_matrix, support: int = SUPPORT) -> tuple[csr_matrix, csr_matrix]:
    """(lift, cosine shrunk by 10 orders) of every pair of products with `support` orders together."""
    totals, n_orders = np.asarray(orders.sum(axis=0)).ravel(), orders.shape[0]
    lifts, cosines = [], []
    for start, counts in inner_products(orders.T.tocsr()):
        row, c = row_of_each(counts) + start, counts.data
        expected = totals[row] * totals[counts.indices]
        real = (counts.indices != row) & (c >= support)
        cosine, lift = counts.copy(), counts
        cosine.data = np.where(real, c / np.sqrt(expected) * c / (c + COSINE_SHRINKAGE), 0).astype(np.float32)
        lift.data = np.where(real, c * n_orders / expected, 0).astype(np.float32)
        lifts.append(lift)
        cosines.append(cosine)
    return stacked(lifts, orders.shape[1]), stacked(cosines, orders.shape[1])


def _summed_rows(weights: csr_matrix, cart: NDArray[np.int32]) -> NDArray[np.float32]:
    return np.asarray(weights[cart].sum(axis=0), np.float32).ravel()
