"""A customer's affinities: shares of their purchases by category, brand and price band."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Int32s
from recommender.arrays.id_map import IdMap
from recommender.model.bundle import Tables
from recommender.model.customer_tables import PRICE_BAND_NAMES, CustomerTable

MAX_NAMES = 5


class Liking(msgspec.Struct, frozen=True):
    """Share of a customer's purchases, 0-1."""

    name: str
    share: float


class Affinities(msgspec.Struct, frozen=True):
    """Strongest first. discount: share of orders with a discount or coupon; None: no order is known."""

    categories: list[Liking] = []
    brands: list[Liking] = []
    price_bands: list[Liking] = []
    discount: float | None = None


def affinities_of(tables: Tables, customers: CustomerTable, row: int, fresh: Sequence[int]) -> Affinities:
    """row: the customer's, or -1; fresh: items bought since training."""
    bought, facts = tables.purchases.of(row), customers.facts
    items = np.concatenate([bought.items, np.array(fresh, np.int32)])
    weights = np.concatenate([bought.orders, np.ones(len(fresh), np.int32)])
    ordered = row >= 0 and facts.orders[row] > 0
    bands = [(PRICE_BAND_NAMES[band], share) for band, share in _shares(customers.price_band[items], weights)]
    return Affinities(
        categories=_named(tables.categories, tables.product.category[items], weights),
        brands=_named(tables.brands, tables.product.brand[items], weights),
        price_bands=[Liking(name, share) for name, share in bands],
        discount=round(float(facts.discounted[row]), 4) if ordered else None,
    )


def _named(names: IdMap, rows: Int32s, weights: Int32s) -> list[Liking]:
    return [Liking(names.name(row), share) for row, share in _shares(rows, weights)]


def _shares(rows: NDArray[np.integer], weights: Int32s) -> list[tuple[int, float]]:
    """The heaviest rows with their share of the weight of those that are known (not -1)."""
    sums = np.bincount(rows[rows >= 0], weights[rows >= 0])
    best = np.argsort(-sums, kind="stable")[:MAX_NAMES]
    return [(int(row), round(float(sums[row] / sums.sum()), 4)) for row in best if sums[row] > 0]
