"""ALS on implicit feedback, and the index that finds the products nearest to a customer."""

from __future__ import annotations

import faiss
import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.recommender_base import ModelFitError
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from features.progress import Report, silent
from recommender.tables import Factors
from training.errors import CannotTrain
from training.settings import TrainingSettings

EXACT_PRODUCTS = 3_000  # a search among more costs an answer more than all else it does
HNSW_LINKS, HNSW_BREADTH = 32, 80


def fit_als(user_items: csr_matrix, settings: TrainingSettings, report: Report = silent) -> Factors:
    """Factorise implicit feedback into product vectors; a person's vector is folded in when it is needed.

    user_items: (n_users, n_items) float32; a value is confidence in a preference, 1 + alpha x evidence.
    Products nobody bought have zero vectors. Raises CannotTrain where the result is no number.
    Hu, Koren and Volinsky (2008), eq. 4.
    """

    def done(iteration: int, *_: object) -> None:
        report("ALS", iteration + 1, settings.als_iterations)

    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings.als_factors,
            regularization=settings.als_regularisation,
            alpha=1.0,  # the confidence is in the matrix
            iterations=settings.als_iterations,
            use_gpu=False,
            random_state=settings.seed,
        )
        try:
            model.fit(user_items, show_progress=False, callback=done)
        except ModelFitError as error:
            raise CannotTrain("ALS did not converge; raise PERENNIAL_TRAIN_ALS_REGULARISATION") from error
    items = np.array(model.item_factors, np.float32)
    items[np.diff(user_items.tocsc().indptr) == 0] = 0.0
    ridge = settings.als_regularisation * np.eye(settings.als_factors, dtype=np.float32)
    return Factors(items, items.T @ items + ridge)


def build_index(factors: Factors) -> faiss.Index:
    """Inner-product index, rows in IdMap order: exact while that is fast enough, HNSW above."""
    n_items, d = factors.items.shape
    if n_items <= EXACT_PRODUCTS:
        index: faiss.Index = faiss.IndexFlatIP(d)
    else:
        index = faiss.IndexHNSWFlat(d, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efSearch = HNSW_BREADTH
    index.add(factors.items)
    return index
