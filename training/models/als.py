"""ALS on implicit feedback, and the index that finds the products nearest to a customer."""

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

EXACT_PRODUCTS = 3_000  # an exact search among more takes longer than the rest of an answer
INDEXED_PRODUCTS = 50_000
HNSW_LINKS, HNSW_SEARCH = 32, 48
KEPT_DIMENSIONS = 16  # so many dimensions the ridge must not shrink to nothing
LARGE_MATRIX = 1_000_000  # stored values; a larger matrix keeps them under any ridge
LEAST_RIDGE = 1.0


def fit_als(
    user_items: csr_matrix, settings: TrainingSettings, report: Report = silent, start: Factors | None = None
) -> Factors:
    """Factorise implicit feedback into product vectors; a user's vector is folded in when it is needed.

    user_items: (n_users, n_items) float32; a value is confidence in a preference, 1 + alpha x evidence.
    start: vectors of the same products, fitted on some of the same users: they halve the iterations.
    Products without any user have zero vectors. Raises CannotTrain where the result is not finite.
    Hu, Koren and Volinsky (2008), eq. 4.
    """

    def report_iteration(iteration: int, *_: object) -> None:
        report("ALS", iteration + 1, iterations)

    iterations = settings.als_iterations if start is None else -(-settings.als_iterations // 2)
    regularisation = choose_ridge(user_items, settings.als_regularisation)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings.als_factors,
            regularization=regularisation,
            alpha=1.0,  # the confidence is in the matrix
            iterations=iterations,
            use_gpu=False,
            random_state=settings.seed,
        )
        if start is not None:
            model.item_factors = start.items.copy()
        try:
            model.fit(user_items, show_progress=False, callback=report_iteration)
        except ModelFitError as error:
            raise CannotTrain("ALS did not converge; raise PERENNIAL_TRAIN_ALS_REGULARISATION") from error
    items = np.array(model.item_factors, np.float32)
    items[np.diff(user_items.tocsc().indptr) == 0] = 0.0
    gram = items.T @ items + regularisation * np.eye(settings.als_factors, dtype=np.float32)
    return Factors(items, gram.astype(np.float32))


def choose_ridge(user_items: csr_matrix, at_most: float) -> float:
    """The regularisation: half the KEPT_DIMENSIONS-th singular value of the confidences, or `at_most`.

    Half an iteration turns small vectors y into X'y / ridge, so dimensions whose singular value is below the
    ridge shrink to nothing; in a shop of a few hundred orders those are all of them.
    """
    if (
        min(user_items.shape) <= KEPT_DIMENSIONS
        or user_items.nnz > LARGE_MATRIX
        or not np.isfinite(user_items.data).all()
    ):
        return at_most
    start = np.ones(min(user_items.shape))
    singular_values = np.asarray(
        svds(user_items.astype(float), k=KEPT_DIMENSIONS, v0=start, return_singular_vectors=False)
    )
    return min(at_most, max(LEAST_RIDGE, float(singular_values.min()) / 2))


def build_index(factors: Factors, buyers: NDArray[np.int32]) -> faiss.Index:
    """Inner-product index of the products with the most buyers; its ids are items.

    Exact for small catalogues, HNSW for larger ones. Each process has its own copy, unlike all other tables,
    so its size is bounded. buyers: (n_items), of each.
    """
    n_items, d = factors.items.shape
    if n_items <= EXACT_PRODUCTS:
        index: faiss.Index = faiss.IndexFlatIP(d)
        index.add(factors.items)
        return index
    indexed = np.sort(np.argsort(-buyers, kind="stable")[:INDEXED_PRODUCTS])
    graph = faiss.IndexHNSWFlat(d, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efSearch = HNSW_SEARCH
    index = faiss.IndexIDMap(graph)
    index.add_with_ids(factors.items[indexed], indexed.astype(np.int64))
    return index
