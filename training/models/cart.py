"""How the cart model is set: its ridge, and what a customer's own habit counts beside it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from training.data.history import History
from training.data.interactions import decay, order_items
from training.measure.metrics import ndcg_of_cases
from training.models.ease import ease_companions, fit_ease, gram_of
from training.settings import TrainingSettings

CART_RIDGES = 5.0, 10.0, 20.0, 40.0, 80.0, 160.0  # orders
HABITS = 0.0, 0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.2
DEFAULT_RIDGE, DEFAULT_HABIT = 40.0, 0.06  # where too few customers came back to tune on
CART_CASES, FEWEST_CART_CASES = 1_500, 50
TUNED_PRODUCTS = 3_000  # enough to choose a ridge by, in a tenth of the whole model's time


class CartTuning(NamedTuple):
    """Ridge of EASE, and what log(1 + own orders) adds to its scores."""

    ridge: float
    habit: float


class HiddenProducts(NamedTuple):
    """Carts without one product each: carts and own (earlier orders), (n, n_items); truth (n) items."""

    carts: csr_matrix
    own: csr_matrix
    truth: NDArray[np.int64]


def fit_carts(history: History, settings: TrainingSettings) -> tuple[csr_matrix, CartTuning]:
    """EASE over all orders, (n_items, n_items) with the largest weights first, and its tuning."""
    tuning, orders = tune_carts(history, settings), cart_orders(history, settings)
    return ease_companions(orders, tuning.ridge, settings.ease_products, settings.ease_kept), tuning


def cart_orders(history: History, settings: TrainingSettings) -> csr_matrix:
    """(n_orders, n_items) float32: orders scaled, so that a pair in one counts its age's share / sqrt(size).

    A wholesale order of 200 products says less of each pair than one of two does. Weights are 1 on average.
    """
    orders, lines = order_items(history), history.purchases
    weights = np.zeros(history.n_orders)
    weights[lines.order] = decay(lines.timestamp, history.until, settings.half_life_days)
    weights /= np.sqrt(np.maximum(np.diff(orders.indptr), 1))
    weights /= weights[weights > 0].mean() if len(lines) else 1.0
    return csr_matrix(diags_array(np.sqrt(weights).astype(np.float32)) @ orders)


def tune_carts(history: History, settings: TrainingSettings) -> CartTuning:
    """The pair that ranks best what is hidden of customers' last orders, by the model of all other orders."""
    ridges = (settings.ease_lambda,) if settings.ease_lambda is not None else CART_RIDGES
    habits = (settings.cart_habit,) if settings.cart_habit is not None else HABITS
    if len(ridges) == len(habits) == 1:
        return CartTuning(ridges[0], habits[0])
    orders, hidden = hold_out(history, settings)
    if len(hidden.truth) < FEWEST_CART_CASES:
        ridge, habit = settings.ease_lambda, settings.cart_habit
        return CartTuning(ridge or DEFAULT_RIDGE, DEFAULT_HABIT if habit is None else habit)
    gram = gram_of(orders)
    scores = {
        CartTuning(ridge, habit): worth
        for ridge in ridges
        for habit, worth in zip(habits, ndcg_of(gram, ridge, habits, hidden), strict=True)
    }
    return max(scores, key=scores.__getitem__)


def hold_out(history: History, settings: TrainingSettings) -> tuple[csr_matrix, HiddenProducts]:
    """(orders but those asked about, one product hidden of the last order of a draw of customers).

    Of the products that sell most alone.
    """
    everything, seed = cart_orders(history, settings), settings.seed
    sold = np.asarray(everything.sum(axis=0)).ravel()
    best = np.sort(np.argsort(-sold, kind="stable")[:TUNED_PRODUCTS])
    everything = everything[:, best].tocsr()
    asked, customer = _last_orders(history, everything, seed)
    carts = _ones(everything[asked])
    kept = np.ones(everything.shape[0], np.float32)
    kept[asked] = 0
    orders = csr_matrix(diags_array(kept) @ everything)
    orders.eliminate_zeros()
    carts, truth = _hide_one(carts, np.random.default_rng(seed))
    return orders, HiddenProducts(carts, _own_orders(history, orders, customer), truth)


def ndcg_of(
    gram: NDArray[np.float32], ridge: float, habits: tuple[float, ...], hidden: HiddenProducts
) -> list[float]:
    """NDCG@10 of the hidden products for each weight of the habit."""
    scores = np.asarray(hidden.carts @ fit_ease(gram.copy(order="F"), ridge), np.float32)
    scores[hidden.carts.nonzero()] = -np.inf
    own = hidden.own.toarray()
    return [_ndcg(scores + np.float32(habit) * own, hidden.truth) for habit in habits]


def _ndcg(scores: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    ranks = 1 + (scores > np.take_along_axis(scores, truth[:, None], axis=1)).sum(axis=1)
    return float(ndcg_of_cases(np.arange(len(truth)), ranks, np.ones_like(truth), 10).mean())


def _last_orders(
    history: History, orders: csr_matrix, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The last order of customers who had one before, two products at least, and those customers."""
    lines = history.purchases.where(history.purchases.customer >= 0)
    customers, place = np.unique(lines.customer[::-1], return_index=True)
    last = lines.order[::-1][place]
    earlier = np.bincount(lines.customer[~np.isin(lines.order, last)], minlength=len(history.customer_ids))
    asked = (earlier[customers] > 0) & (np.diff(orders.indptr)[last] > 1)
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(asked))[:CART_CASES]
    return last[np.sort(drawn)], customers[np.sort(drawn)]


def _hide_one(carts: csr_matrix, rng: np.random.Generator) -> tuple[csr_matrix, NDArray[np.int64]]:
    place = carts.indptr[:-1] + rng.integers(np.diff(carts.indptr))
    truth = carts.indices[place].astype(np.int64)
    carts.data[place] = 0
    carts.eliminate_zeros()
    return carts, truth


def _own_orders(history: History, orders: csr_matrix, customers: NDArray[np.int32]) -> csr_matrix:
    """log(1 + how many of these orders each of the customers has with each product)."""
    lines = history.purchases.where(history.purchases.customer >= 0)
    order, first = np.unique(lines.order, return_index=True)
    theirs = csr_matrix(
        (np.ones(len(order), np.float32), (lines.customer[first], order)),
        shape=(len(history.customer_ids), orders.shape[0]),
    )
    own = csr_matrix(theirs[customers] @ _ones(orders))
    own.data = np.log1p(own.data)
    return own


def _ones(matrix: csr_matrix) -> csr_matrix:
    ones = matrix.copy()
    ones.data[:] = 1.0
    return ones
