"""Simple methods for the next purchase, by what a user viewed, carted and bought."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.context.request import Situation
from recommender.model.bundle import Bundle
from recommender.sources.als import fold_in, taste_of
from training.data.history import History
from training.evaluate.baselines.cart import pair_measures
from training.measure.compare import Ranker, popularity, scored
from training.models.ease import ease_companions

EVENT_WEIGHTS = {"view": 0.1, "add_to_cart": 0.3, "purchase": 1.0}
INTERACTIONS_EASE_RIDGE = 20.0
PAUSE_S = 1_800  # a longer one ends a visit


def interaction_baselines(train: pl.DataFrame, history: History, bundle: Bundle) -> dict[str, Ranker]:
    """Popularity, the latest carted and viewed, item cosines by user and by visit, and EASE and ALS on all
    behaviours weighted."""
    users = bundle.tables.customers

    def added(user_items: csr_matrix, pairs: csr_matrix) -> Callable[[Situation], NDArray[np.float32]]:
        return lambda situation: (
            (user_items[users.row(situation.request.customer_id)] @ pairs).toarray().ravel()
        )

    def als(situation: Situation) -> NDArray[np.float32]:
        factors = bundle.tables.factors
        return np.asarray(factors.items @ fold_in(factors, taste_of(situation)), np.float32)

    return {
        "popularity": popularity(bundle),
        "latest cart, view": scored(bundle, latest),
        **{name: scored(bundle, added(*both)) for name, both in item_methods(train, history, bundle).items()},
        "als": scored(bundle, als),
    }


def item_methods(
    train: pl.DataFrame, history: History, bundle: Bundle
) -> dict[str, tuple[csr_matrix, csr_matrix]]:
    """Name -> (each user's items, (n_users, n_items); similarities of items, (n_items, n_items))."""
    products, users = bundle.tables.products, bundle.tables.customers
    row = np.array([users.row(user) for user in train["customer_id"]], np.int32)
    item = np.array([products.row(product) for product in train["product_id"]], np.int32)
    weights = train["event"].replace_strict(EVENT_WEIGHTS, return_dtype=pl.Float32).to_numpy()
    shape = len(history.customer_ids), len(products)

    def matrix(mask: NDArray[np.bool_]) -> csr_matrix:
        pairs = csr_matrix((weights[mask], (row[mask], item[mask])), shape=shape, dtype=np.float32)
        return csr_matrix(pairs.minimum(1.0))

    everything = matrix(weights > 0)
    methods = {"ease on all": (everything, ease_companions(everything, INTERACTIONS_EASE_RIDGE, 6_000, 200))}
    for event, value in EVENT_WEIGHTS.items():
        user_items = matrix(weights == np.float32(value)).sign()
        methods[f"item cosine on {event}s"] = user_items, pair_measures(user_items, support=1)[1]
    visit = visit_numbers(train).to_numpy()
    session_items = csr_matrix(
        (np.ones_like(weights), (visit, item)), shape=(len(train), len(products))
    ).sign()
    methods["session cosine"] = everything.sign(), pair_measures(session_items, support=1)[1]
    return methods


def latest(situation: Situation) -> NDArray[np.float32]:
    """What was carted, and then what was viewed, the newest first."""
    products, shopper = situation.bundle.tables.products, situation.shopper
    touched = [*products.rows(shopper.cart)[::-1], *products.rows(shopper.viewed)]
    scores = np.zeros(len(products), np.float32)
    scores[touched[::-1]] = np.arange(1, len(touched) + 1)
    return scores


def visit_numbers(events: pl.DataFrame) -> pl.Series:
    """A number for each event, the same within a visit. events: user by user, oldest first."""
    is_first = (pl.col("at").diff() > PAUSE_S) | (pl.col("customer_id") != pl.col("customer_id").shift())
    return events.select(is_first.fill_null(value=True).cum_sum() - 1).to_series()
