"""What is bought (or looked at) together: asymmetric cosine with shrinkage."""

import numpy as np
from scipy.sparse import csr_matrix

from training.data.neighbours import inner_products, row_of_each, stacked, strongest

OWN_EXPONENT, PARTNER_EXPONENT = 0.8, 0.2


def co_purchase(baskets: csr_matrix, shrinkage: float, support: int, kept: int) -> csr_matrix:
    """Each product's `kept` strongest partners, strongest first. baskets: (n, n_items) of 0 and 1.

    cosine_ij = c_ij / (n_i^.8 n_j^.2) x c_ij / (c_ij + shrinkage), with c_ij baskets with both and n_i
    with i, for pairs of at least `support` baskets and a lift c_ij N / (n_i n_j) above 1 (Aiolli 2013).
    """
    totals = np.asarray(baskets.sum(axis=0)).ravel()
    n_baskets = int((np.diff(baskets.indptr) > 0).sum())
    blocks = []
    for start, counts in inner_products(baskets.T.tocsr()):
        row, c = row_of_each(counts) + start, counts.data
        own, partner = totals[row], totals[counts.indices]
        real = (counts.indices != row) & (c >= support) & (c * n_baskets > own * partner)
        cosine = c / (own**OWN_EXPONENT * partner**PARTNER_EXPONENT) * c / (c + shrinkage)
        counts.data = np.where(real, cosine, 0).astype(np.float32)
        blocks.append(strongest(counts, kept))
    return stacked(blocks, baskets.shape[1])
