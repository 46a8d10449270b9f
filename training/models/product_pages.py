"""The two lists of a product page: similar products and complements."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recommender.arrays.tables import Neighbours
from training.data.history import History
from training.data.interactions import buyer_items, order_items, session_items
from training.data.neighbours import (
    as_neighbours,
    bought_together,
    matrix_of,
    one_of_each_group,
    only,
    row_of_each,
    stacked,
    strongest,
    values_at,
)
from training.models.co_purchase import co_purchase
from training.models.product_kinds import Content, closeness_of
from training.settings import TrainingSettings

VIEWED_WEIGHT, BOUGHT_WEIGHT, CONTENT_WEIGHT = 1.0, 0.5, 0.5
COMPANION_WEIGHT = 0.8  # against a complement, each over the best of its row
FAMILY_BOOST = 3.0  # for words in common ("regency"), a sign of products that belong together
FIRST_CUT_FACTOR = 4  # pairs kept for each product, in list lengths, before they are split by type
SESSION_SUPPORT = 2
SURE = 3.0  # standard deviations above chance, from which two products go together
LENDERS, LENT = 5, 20  # similar products whose complements stand in for missing ones, and how many of each
LENT_ROWS_AT_ONCE = 50_000


def page_neighbours(
    history: History,
    content: Content,
    alike: csr_matrix,
    variant_group: NDArray[np.int32],
    buyers: csr_matrix,
    settings: TrainingSettings,
) -> tuple[Neighbours, Neighbours]:
    """(similar, complements) of every product, the strongest first: none a variant of it, no two of one.
    alike: `closest`; variant_group: (n_items), -1 for none; buyers: `buyer_items`.

    Similar: of one kind, and viewed in the same sessions, bought by the same people, or alike by title, brand
    and price. Complements: bought together and of different kinds, those with words in common first; a
    product without any has those of the most similar products (together: 0).
    """
    kept, shrinkage, support = (
        settings.neighbours_kept,
        settings.co_purchase_shrinkage,
        settings.complement_support,
    )
    bought = co_purchase(order_items(history), shrinkage, support, FIRST_CUT_FACTOR * kept)
    viewed = co_purchase(session_items(history), shrinkage, SESSION_SUPPORT, kept)
    closeness = closeness_of(bought, content.vectors)
    is_substitute = content.same_kind(row_of_each(bought), bought.indices, closeness)
    is_paired = ~content.same_sort(row_of_each(bought), bought.indices, closeness)
    substitutes, paired = only(bought, is_substitute), only(bought, is_paired)
    similar = csr_matrix(VIEWED_WEIGHT * viewed + BOUGHT_WEIGHT * substitutes + CONTENT_WEIGHT * alike)
    similar = of_one_kind(similar, content)
    paired.data = (paired.data * (1.0 + FAMILY_BOOST * closeness[is_paired])).astype(np.float32)
    similar, paired = (one_of_each_group(each, variant_group) for each in (similar, paired))
    complements = as_neighbours(strongest(paired, kept), buyers, at_least=support)
    return as_neighbours(strongest(similar, kept), buyers), with_lent(complements, alike, content.kind)


def of_one_kind(similar: csr_matrix, content: Content) -> csr_matrix:
    """Those of the product's own kind; the others where it is the only one of its kind."""
    row = row_of_each(similar)
    same = content.same_kind(row, similar.indices, closeness_of(similar, content.vectors))
    alone = np.bincount(row[same], minlength=similar.shape[0]) == 0
    return only(similar, same | alone[row])


def with_companions(
    complements: Neighbours,
    companions: csr_matrix,
    content: Content,
    variant_group: NDArray[np.int32],
    history: History,
    settings: TrainingSettings,
) -> Neighbours:
    """Complements plus the cart model's companions of each product, both divided by the best of their row.

    Only those of other kinds, which orders hold together with its own beyond chance; all others where a
    product has none. Merged here, because a second source at serving would make an answer a third slower.
    """
    both = csr_matrix(_by_best(matrix_of(complements)) + COMPANION_WEIGHT * _by_best(companions.maximum(0)))
    row, orders = row_of_each(both), order_items(history)
    both = only(both, ~content.same_sort(row, both.indices, closeness_of(both, content.vectors)))
    known = kinds_go_together(both, content.kind, orders, settings.complement_support)
    nothing = np.bincount(row_of_each(both)[known], minlength=both.shape[0]) == 0
    both = one_of_each_group(only(both, known | nothing[row_of_each(both)]), variant_group)
    return as_neighbours(strongest(both, settings.neighbours_kept), buyer_items(history))


def kinds_go_together(
    pairs: csr_matrix, kind: NDArray[np.int32], orders: csr_matrix, support: int
) -> NDArray[np.bool_]:
    """Whether the kinds of each stored pair are in `support` orders together, and in SURE standard deviations
    (of a Poisson count) more than if orders held them independently. One pair of products has too few orders
    to tell. orders: (n_orders, n_items); a product of no known kind is its own."""
    n_items = len(kind)
    own = np.where(kind >= 0, kind, int(kind.max(initial=-1)) + 1 + np.arange(n_items))
    of_kind = csr_matrix((np.ones(n_items, np.float32), own, np.arange(n_items + 1)))
    held = csr_matrix(orders @ of_kind)
    held.data[:] = 1
    asked = csr_matrix(of_kind.T @ abs(pairs) @ of_kind)
    together = bought_together(asked, held)
    of_each = np.asarray(held.sum(axis=0), np.float64).ravel()
    expected = of_each[row_of_each(asked)] * of_each[asked.indices] / max(orders.shape[0], 1)
    asked.data = ((together >= support) & (together - expected >= SURE * np.sqrt(expected))).astype(
        np.float32
    )
    return values_at(asked, own[row_of_each(pairs)], own[pairs.indices]) > 0


def _by_best(weights: csr_matrix) -> csr_matrix:
    """Each row divided by its largest value."""
    best = np.maximum(weights.max(axis=1).toarray().ravel(), 1e-12)
    return csr_matrix(diags_array(1.0 / best) @ weights)


def with_lent(complements: Neighbours, alike_products: csr_matrix, kind: NDArray[np.int32]) -> Neighbours:
    """Complements, and for products without any the mean of their LENDERS', the most similar products of the
    same type. `together` is 0 for those.
    """
    weights = matrix_of(complements)
    sizes = np.diff(weights.indptr)
    row, lender = row_of_each(alike_products), alike_products.indices
    may_lend = (sizes[row] == 0) & (sizes[lender] > 0) & (kind[row] == kind[lender]) & (kind[row] >= 0)
    lenders = strongest(only(alike_products, may_lend), LENDERS)
    share = 1 / np.maximum(np.asarray(lenders.sum(axis=1)).ravel(), 1e-12)
    shares, offered = csr_matrix(diags_array(share) @ lenders), strongest(weights, LENT)
    blocks = [
        strongest(csr_matrix(shares[start : start + LENT_ROWS_AT_ONCE] @ offered), LENT)
        for start in range(0, len(sizes), LENT_ROWS_AT_ONCE)
    ]
    return _merged(complements, stacked(blocks, len(sizes)))


def _merged(complements: Neighbours, lent: csr_matrix) -> Neighbours:
    """Both in one table. No product has a row in both."""
    own_sizes = np.diff(complements.offsets)
    sizes = own_sizes + np.diff(lent.indptr)
    own = np.repeat(own_sizes > 0, sizes)
    items, weights = np.empty(len(own), np.int32), np.empty(len(own), np.float32)
    items[own], weights[own] = complements.items, complements.weights
    items[~own], weights[~own] = lent.indices, lent.data
    together = np.zeros(len(own), np.int32)
    together[own] = complements.together
    return Neighbours(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), items, weights, together)
