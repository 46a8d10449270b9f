"""How often each product is bought again, and after how long."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.arrays.tables import Purchases
from training.data.history import History

RATE_PRIOR_BUYERS = 10.0  # buyers at which a product's own rate weighs as much as its category's
GAP_PRIOR_REPEATS = 5.0  # the same in gaps
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
    """The same from `customer_days`, or the same rows in another order in which days rise."""
    pair = own["customer"].to_numpy().astype(np.int64) * len(category) + own["item"].to_numpy()
    by_pair = np.argsort(pair, kind="stable")
    day, first = own["day"].to_numpy()[by_pair], _firsts(pair[by_pair])
    item = own["item"].to_numpy()[by_pair]
    days = np.diff(first, append=len(day))
    later = np.delete(np.arange(len(day)), first)
    mean, median = pl.col("value").mean(), pl.col("value").median()
    return (
        shrunk(_by_item(item[first], days > 1, mean), category, RATE_PRIOR_BUYERS, 0.0),
        shrunk(
            _by_item(item[later], day[later] - day[later - 1], median),
            category,
            GAP_PRIOR_REPEATS,
            UNKNOWN_GAP_DAYS,
        ),
    )


def _by_item(item: NDArray[np.int32], value: NDArray[Any], figure: pl.Expr) -> pl.DataFrame:
    """Columns item, n and value: the figure over an item's values."""
    values = pl.DataFrame({"item": item, "value": value})
    return values.group_by("item").agg(pl.len().alias("n"), figure)


def _firsts(keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Where each run of equal keys begins. keys: from 0 on."""
    return np.flatnonzero(np.diff(keys, prepend=-1))


def shrunk(
    measured: pl.DataFrame, category: NDArray[np.int32], prior: float, unknown: float
) -> NDArray[np.float32]:
    """(n_items) float32: (n value + prior x category's value) / (n + prior), where a category's value is
    shrunk towards the shop's in the same way.

    measured: columns item, n (evidence), value. unknown: the shop's value where nothing was measured.
    """
    n, total = np.zeros(len(category)), np.zeros(len(category))
    items = measured["item"].to_numpy()
    n[items] = measured["n"].to_numpy()
    total[items] = n[items] * measured["value"].to_numpy()
    shop = total.sum() / n.sum() if n.sum() else unknown
    category_row = category + 1  # row 0: products without a category
    category_n = np.bincount(category_row, n)
    category_mean = (np.bincount(category_row, total) + prior * shop) / (category_n + prior)
    return ((total + prior * category_mean[category_row]) / (n + prior)).astype(np.float32)


def purchases_table(history: History, confidence: csr_matrix) -> Purchases:
    """Purchases of each customer. confidence: (n_customers, n_items), a value for each product bought."""
    own = history.purchases.where(history.purchases.customer >= 0)
    pair = own.customer.astype(np.int64) * len(history.product_ids) + own.item
    by_pair = np.argsort(pair, kind="stable")  # as the matrix stores its values; lines are oldest first
    first = _firsts(pair[by_pair])
    orders = np.diff(first, append=len(pair))
    return Purchases(
        offsets=confidence.indptr.astype(np.int64),
        items=confidence.indices.astype(np.int32),
        orders=orders.astype(np.int32),
        last_day=own.day[by_pair[first + orders - 1]].astype(np.int32),
        confidence=confidence.data.astype(np.float32),
    )


def customer_days(history: History) -> pl.DataFrame:
    """The distinct days on which each customer bought each product: columns customer, item, day, in order."""
    own = history.purchases.where(history.purchases.customer >= 0)
    n_items, since = max(len(history.product_ids), 1), int(own.day.min(initial=0))
    span = int(own.day.max(initial=0)) - since + 1
    keys = np.sort((own.customer.astype(np.int64) * n_items + own.item) * span + (own.day - since))
    pair, day = np.divmod(keys[_firsts(keys)], span)
    customer, item = np.divmod(pair, n_items)
    columns = {"customer": customer, "item": item, "day": day + since}
    return pl.DataFrame({name: column.astype(np.int32) for name, column in columns.items()})
