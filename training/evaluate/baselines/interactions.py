"""Simple methods for the next purchase, by what a user viewed, carted and bought."""

from __future__ import annotations

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

WORTH = {"view": 0.1, "add_to_cart": 0.3, "purchase": 1.0}
RIDGE = 20.0
PAUSE_S = 1_800  # a longer one ends a visit


def simple_methods(train: pl.DataFrame, history: History, bundle: Bundle) -> dict[str, Ranker]:
    """Popularity, the latest carted and viewed, item cosines by user and by visit, and EASE and ALS on all
    behaviours weighted."""
    users = bundle.tables.customers

    def added(owned: csr_matrix, pairs: csr_matrix) -> Callable[[Situation], NDArray[np.float32]]:
        return lambda known: (owned[users.row(known.request.customer_id)] @ pairs).toarray().ravel()

    def als(known: Situation) -> NDArray[np.float32]:
        factors = bundle.tables.factors
        return np.asarray(factors.items @ fold_in(factors, taste_of(known)), np.float32)

    return {
        "popularity": popularity(bundle),
        "latest cart, view": scored(bundle, latest),
        **{name: scored(bundle, added(*both)) for name, both in item_methods(train, history, bundle).items()},
        "als": scored(bundle, als),
    }


def item_methods(
    train: pl.DataFrame, history: History, bundle: Bundle
) -> dict[str, tuple[csr_matrix, csr_matrix]]:
    """Name -> (what each user has, (n_users, n_items); what speaks for what, (n_items, n_items))."""
    products, users = bundle.tables.products, bundle.tables.customers
    row = np.array([users.row(user) for user in train["customer_id"]], np.int32)
    item = np.array([products.row(product) for product in train["product_id"]], np.int32)
    worth = train["event"].replace_strict(WORTH, return_dtype=pl.Float32).to_numpy()
    shape = len(history.customer_ids), len(products)

    def matrix(of: NDArray[np.bool_]) -> csr_matrix:
        pairs = csr_matrix((worth[of], (row[of], item[of])), shape=shape, dtype=np.float32)
        return csr_matrix(pairs.minimum(1.0))

    everything = matrix(worth > 0)
    methods = {"ease on all": (everything, ease_companions(everything, RIDGE, 6_000, 200))}
    for event, value in WORTH.items():
        owned = matrix(worth == np.float32(value)).sign()
        methods[f"item cosine on {event}s"] = owned, pair_measures(owned, support=1)[1]
    visit = visits_of(train).to_numpy()
    seen = csr_matrix((np.ones_like(worth), (visit, item)), shape=(len(train), len(products))).sign()
    methods["session cosine"] = everything.sign(), pair_measures(seen, support=1)[1]
    return methods


def latest(known: Situation) -> NDArray[np.float32]:
    """What was carted, and then what was viewed, the newest first."""
    products, shopper = known.bundle.tables.products, known.shopper
    touched = [*products.rows(shopper.cart)[::-1], *products.rows(shopper.viewed)]
    scores = np.zeros(len(products), np.float32)
    scores[touched[::-1]] = np.arange(1, len(touched) + 1)
    return scores


def visits_of(events: pl.DataFrame) -> pl.Series:
    """A number for each event, the same within a visit. events: user by user, oldest first."""
    begun = (pl.col("at").diff() > PAUSE_S) | (pl.col("customer_id") != pl.col("customer_id").shift())
    return events.select(begun.fill_null(value=True).cum_sum() - 1).to_series()
