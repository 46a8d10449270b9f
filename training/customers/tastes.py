"""What the products that customers bought say about them: a few numbers each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import svds

from recommender.arrays.dtypes import Float64s
from training.data.history import OrderLines

TASTES = 10
FEWEST = 200  # customers, and products, from which tastes can be told


@dataclass(frozen=True)
class ProductView:
    """axes: (n_items, tastes) float32; idf and price (relative to the shop's mean line): (n_items)."""

    axes: NDArray[np.float32]
    idf: Float64s
    price: Float64s
    n_customers: int

    def of(self, lines: OrderLines, customers: NDArray[np.int32]) -> Float64s:
        """(n, tastes + 1) float64: each customer's place on the axes, and how dear their products are."""
        owned = bought(lines, self.n_customers, len(self.idf))[customers]
        dearness = (owned @ np.log(self.price + 0.2)) / np.maximum(np.diff(owned.indptr), 1)
        return np.column_stack([unit_rows(owned, self.idf) @ self.axes, dearness])


def product_view(lines: OrderLines, n_customers: int, n_items: int) -> ProductView:
    """Singular vectors of who bought what, each customer's products weighted by how few have them."""
    owned = bought(lines, n_customers, n_items)
    known = owned[np.flatnonzero(np.diff(owned.indptr))]
    buyers = np.asarray(known.sum(axis=0)).ravel()
    idf = np.log(max(known.shape[0], 1) / (1 + buyers)).clip(0.0)
    axes = np.zeros((n_items, 0), np.float32)
    if known.shape[0] >= FEWEST and np.count_nonzero(buyers) >= FEWEST:
        _, _, found = svds(unit_rows(known, idf), TASTES, random_state=0)
        axes = np.ascontiguousarray(found.T, np.float32)
    return ProductView(axes, idf, relative_prices(lines, n_items), n_customers)


def relative_prices(lines: OrderLines, n_items: int) -> Float64s:
    """(n_items) mean price of each product over the mean line's; 1 where none is known."""
    known = lines.where(~np.isnan(lines.unit_price))
    sold = np.bincount(known.item, minlength=n_items)
    total = np.bincount(known.item, known.unit_price, n_items)
    mean = total.sum() / sold.sum() if total.sum() > 0 else 1.0
    return np.where(sold > 0, total / np.maximum(sold, 1) / mean, 1.0)


def bought(lines: OrderLines, n_customers: int, n_items: int) -> csr_matrix:
    """(n_customers, n_items) float32 of 1 where a known customer bought a product."""
    own = lines.where(lines.customer >= 0)
    pairs = csr_matrix(
        (np.ones(len(own), np.float32), (own.customer, own.item)), shape=(n_customers, n_items)
    )
    pairs.data[:] = 1.0
    return pairs


def unit_rows(owned: csr_matrix, idf: Float64s) -> csr_matrix:
    """Rows weighted by idf, of length 1."""
    weighted = csr_matrix(owned @ diags(idf.astype(np.float32)))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return csr_matrix(diags((1 / np.maximum(length, 1e-9)).astype(np.float32)) @ weighted)
