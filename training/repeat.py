"""Who buys what again, and after how long."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.tables import Purchases
from training.history import History

RATE_PRIOR_BUYERS = 10.0  # buyers at which a product's own rate weighs as much as its category's
GAP_PRIOR = 5.0  # the same in gaps
UNKNOWN_GAP_DAYS = 60.0


def repeat_table(
    history: History, category: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(repeat_rate, repeat_gap) per item, float32.

    Rate: share of its customers who ordered it on two days or more. Gap: median days between such orders.
    Both are shrunk towards the category's, and that towards the shop's.
    """
    return repeats_of(customer_days(history), category)


def repeats_of(
    own: pl.DataFrame, category: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same from `customer_days`."""
    per_pair = own.group_by("customer", "item").agg(pl.len().alias("days"))
    buyers = per_pair.group_by("item").agg(pl.len().alias("n"), (pl.col("days") > 1).mean().alias("value"))
    gaps = own.with_columns(gap=pl.col("day").diff().over("customer", "item")).drop_nulls("gap")
    medians = gaps.group_by("item").agg(pl.len().alias("n"), pl.col("gap").median().alias("value"))
    return (
        shrunk(buyers, category, RATE_PRIOR_BUYERS, 0.0),
        shrunk(medians, category, GAP_PRIOR, UNKNOWN_GAP_DAYS),
    )


def shrunk(
    measured: pl.DataFrame, category: NDArray[np.int32], prior: float, unknown: float
) -> NDArray[np.float32]:
    """(n_items) float32: (n value + prior category's) / (n + prior); a category's alike from the shop's.

    measured: columns item, n (evidence), value. `unknown` is the shop's where nothing was measured.
    """
    n, total = np.zeros(len(category)), np.zeros(len(category))
    items = measured["item"].to_numpy()
    n[items] = measured["n"].to_numpy()
    total[items] = n[items] * measured["value"].to_numpy()
    shop = total.sum() / n.sum() if n.sum() else unknown
    place = category + 1  # products without a category share place 0
    category_n = np.bincount(place, n)
    category_mean = (np.bincount(place, total) + prior * shop) / (category_n + prior)
    return ((total + prior * category_mean[place]) / (n + prior)).astype(np.float32)


def purchases_table(history: History, confidence: csr_matrix) -> Purchases:
    """What each customer bought. confidence: (n_customers, n_items), stored where something was bought."""
    own = history.purchases.where(history.purchases.customer >= 0)
    bought = (
        pl.DataFrame({"customer": own.customer, "item": own.item, "day": own.day})
        .group_by("customer", "item")
        .agg(pl.len().alias("orders"), pl.col("day").max())
        .sort("customer", "item")  # the order in which the matrix stores its values
    )
    return Purchases(
        offsets=confidence.indptr.astype(np.int64),
        items=confidence.indices.astype(np.int32),
        orders=bought["orders"].to_numpy().astype(np.int32),
        last_day=bought["day"].to_numpy().astype(np.int32),
        confidence=confidence.data.astype(np.float32),
    )


def customer_days(history: History) -> pl.DataFrame:
    """The distinct days on which each customer bought each product: columns customer, item, day, in order."""
    own = history.purchases.where(history.purchases.customer >= 0)
    days = pl.DataFrame({"customer": own.customer, "item": own.item, "day": own.day})
    return days.unique().sort("customer", "item", "day")
