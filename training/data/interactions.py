"""History -> sparse matrices: orders, buyers and sessions by product, and confidences for ALS."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from features.time_units import DAY_S
from training.data.history import History
from training.settings import TrainingSettings


def order_items(history: History) -> csr_matrix:
    """(n_orders, n_items) float32, 1 where the order holds the product; guests' orders too."""
    lines = history.purchases
    return indicators(lines.order, lines.item, (history.n_orders, len(history.product_ids)))


def buyer_items(history: History) -> csr_matrix:
    """(n_buyers, n_items) float32, 1 where the buyer ever bought (and kept) the product."""
    lines = history.purchases
    return indicators(lines.buyer, lines.item, (history.n_buyers, len(history.product_ids)))


def session_items(history: History) -> csr_matrix:
    """(n_sessions, n_items) float32, 1 where the product was viewed in the session."""
    visits = history.visits
    return indicators(visits.session, visits.item, (history.n_sessions, len(history.product_ids)))


def decay(timestamp: NDArray[np.int64], until: int, half_life_days: float) -> NDArray[np.float32]:
    """Weight of an event by its age: 1 now, 1/2 after a half-life."""
    age_days = (until - timestamp) / DAY_S
    return np.power(0.5, age_days / half_life_days).astype(np.float32)


def purchase_confidence(history: History, settings: TrainingSettings) -> csr_matrix:
    """(n_customers, n_items) float32: 1 + alpha x decayed orders, where something was bought."""
    lines = history.purchases
    shape = len(history.customer_ids), len(history.product_ids)
    own = lines.where(lines.customer >= 0)
    value = decay(own.timestamp, history.until, settings.half_life_days)
    return _confident(_summed(value, own.customer, own.item, shape), settings.als_alpha)


def confidence(history: History, settings: TrainingSettings) -> csr_matrix:
    """(n_buyers, n_items) float32: the same with guests' orders, and with views at their smaller weight."""
    lines, visits = history.purchases, history.visits
    shape = history.n_buyers, len(history.product_ids)
    bought = decay(lines.timestamp, history.until, settings.half_life_days)
    has_customer = visits.customer >= 0
    viewed = decay(visits.timestamp[has_customer], history.until, settings.half_life_days)
    viewed *= np.where(visits.carted[has_customer], settings.cart_weight, settings.view_weight).astype(
        np.float32
    )
    value = _summed(
        np.concatenate([bought, viewed]),
        np.concatenate([lines.buyer, visits.customer[has_customer]]),
        np.concatenate([lines.item, visits.item[has_customer]]),
        shape,
    )
    return _confident(value, settings.als_alpha)


def _confident(value: csr_matrix, alpha: float) -> csr_matrix:
    value.data = (1.0 + alpha * value.data).astype(np.float32)
    return value


def indicators(rows: NDArray[Any], items: NDArray[Any], shape: tuple[int, int]) -> csr_matrix:
    """float32 matrix of 1 at (rows, items), however often a pair occurs."""
    matrix = _summed(np.ones(len(rows), np.float32), rows, items, shape)
    matrix.data[:] = 1.0
    return matrix


def _summed(value: NDArray[Any], rows: Any, items: Any, shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((value, (rows, items)), shape=shape, dtype=np.float32)  # adds duplicates up
