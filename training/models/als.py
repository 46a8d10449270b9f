"""ALS on implicit feedback, and the index that finds the products nearest to a customer."""

from __future__ import annotations

import faiss
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.recommender_base import ModelFitError
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds
from threadpoolctl import threadpool_limits

from features.progress import Report, silent
from recommender.arrays.tables import Factors
from training.errors import CannotTrain
from training.settings import TrainingSettings

EXACT_PRODUCTS = 3_000  # a search among more costs an answer more than all else it does
INDEXED_PRODUCTS = 50_000
HNSW_LINKS, HNSW_BREADTH = 32, 48
TASTES = 16  # that the ridge must leave alive
FEW_CELLS = 1_000_000  # above, they live
LEAST_RIDGE = 1.0


def fit_als(
    user_items: csr_matrix, settings: TrainingSettings, report: Report = silent, start: Factors | None = None
) -> Factors:
    """Factorise implicit feedback into product vectors; a person's vector is folded in when it is needed.

    user_items: (n_users, n_items) float32; a value is confidence in a preference, 1 + alpha x evidence.
    start: vectors of the same products, fitted on some of the same people: half the passes do from there.
    Products nobody bought have zero vectors. Raises CannotTrain where the result is no number.
    Hu, Koren and Volinsky (2008), eq. 4.
    """

    def done(iteration: int, *_: object) -> None:
        report("ALS", iteration + 1, passes)

    passes = settings.als_iterations if start is None else -(-settings.als_iterations // 2)
    strength = ridge(user_items, settings.als_regularisation)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings.als_factors,
            regularization=strength,
            alpha=1.0,  # the confidence is in the matrix
            iterations=passes,
            use_gpu=False,
            random_state=settings.seed,
        )
        if start is not None:
            model.item_factors = start.items.copy()
        try:
            model.fit(user_items, show_progress=False, callback=done)
        except ModelFitError as error:
            raise CannotTrain("ALS did not converge; raise PERENNIAL_TRAIN_ALS_REGULARISATION") from error
    items = np.array(model.item_factors, np.float32)
    items[np.diff(user_items.tocsc().indptr) == 0] = 0.0
    gram = items.T @ items + strength * np.eye(settings.als_factors, dtype=np.float32)
    return Factors(items, gram.astype(np.float32))


def ridge(user_items: csr_matrix, at_most: float) -> float:
    """The regularisation: half the TASTES-th singular value of the confidences, or `at_most`.

    Small vectors y grow in half a pass to X'y / ridge: what has a singular value below the ridge dies away,
    and in a shop of a few hundred orders that is everything.
    """
    if (
        min(user_items.shape) <= TASTES
        or user_items.nnz > FEW_CELLS
        or not np.isfinite(user_items.data).all()
    ):
        return at_most
    start = np.ones(min(user_items.shape))
    found = np.asarray(svds(user_items.astype(float), k=TASTES, v0=start, return_singular_vectors=False))
    return min(at_most, max(LEAST_RIDGE, float(found.min()) / 2))


def build_index(factors: Factors, buyers: NDArray[np.int32]) -> faiss.Index:
    """Inner-product index of the products that most people buy; its ids are items.

    Exact while that is fast enough, HNSW above. It is the one part of a model that each process holds for
    itself, so its size is bounded. buyers: (n_items), of each.
    """
    n_items, d = factors.items.shape
    if n_items <= EXACT_PRODUCTS:
        index: faiss.Index = faiss.IndexFlatIP(d)
        index.add(factors.items)
        return index
    indexed = np.sort(np.argsort(-buyers, kind="stable")[:INDEXED_PRODUCTS])
    graph = faiss.IndexHNSWFlat(d, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efSearch = HNSW_BREADTH
    index = faiss.IndexIDMap(graph)
    index.add_with_ids(factors.items[indexed], indexed.astype(np.int64))
    return index
