"""Customers' tastes: a few numbers each, from the products that they bought."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import svds

from recommender.arrays.dtypes import Float64s
from training.data.history import OrderLines
from training.data.interactions import indicators

N_AXES = 10
FEWEST_ROWS = 200  # customers, and products: with fewer of either there are no axes


@dataclass(frozen=True)
class TasteAxes:
    """axes: (n_items, n_axes) float32; idf and price (relative to the shop's mean line): (n_items)."""

    axes: NDArray[np.float32]
    idf: Float64s
    price: Float64s
    n_customers: int

    def of(self, lines: OrderLines, customers: NDArray[np.int32]) -> Float64s:
        """(n, n_axes + 1) float64: each customer's coordinates, and the mean log price of their products."""
        bought = bought_by_customer(lines, self.n_customers, len(self.idf))[customers]
        log_price = (bought @ np.log(self.price + 0.2)) / np.maximum(np.diff(bought.indptr), 1)
        return np.column_stack([unit_rows(bought, self.idf) @ self.axes, log_price])


def fit_taste_axes(lines: OrderLines, n_customers: int, n_items: int) -> TasteAxes:
    """Singular vectors of who bought what; products of few customers weigh more (IDF)."""
    bought = bought_by_customer(lines, n_customers, n_items)
    bought = bought[np.flatnonzero(np.diff(bought.indptr))]
    buyers = np.asarray(bought.sum(axis=0)).ravel()
    idf = np.log(max(bought.shape[0], 1) / (1 + buyers)).clip(0.0)
    axes = np.zeros((n_items, 0), np.float32)
    if bought.shape[0] >= FEWEST_ROWS and np.count_nonzero(buyers) >= FEWEST_ROWS:
        _, _, components = svds(unit_rows(bought, idf), N_AXES, random_state=0)
        axes = np.ascontiguousarray(components.T, np.float32)
    return TasteAxes(axes, idf, relative_prices(lines, n_items), n_customers)


def relative_prices(lines: OrderLines, n_items: int) -> Float64s:
    """(n_items) mean price of each product over the mean line's; 1 where none is known."""
    priced = lines.where(~np.isnan(lines.unit_price))
    sold = np.bincount(priced.item, minlength=n_items)
    total = np.bincount(priced.item, priced.unit_price, n_items)
    mean = total.sum() / sold.sum() if total.sum() > 0 else 1.0
    return np.where(sold > 0, total / np.maximum(sold, 1) / mean, 1.0)


def bought_by_customer(lines: OrderLines, n_customers: int, n_items: int) -> csr_matrix:
    """(n_customers, n_items) float32 of 1 where a known customer bought a product."""
    own = lines.where(lines.customer >= 0)
    return indicators(own.customer, own.item, (n_customers, n_items))


def unit_rows(bought: csr_matrix, idf: Float64s) -> csr_matrix:
    """Rows weighted by idf, of length 1."""
    weighted = csr_matrix(bought @ diags(idf.astype(np.float32)))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return csr_matrix(diags((1 / np.maximum(length, 1e-9)).astype(np.float32)) @ weighted)
