"""Cold start: whether content vectors of products that nobody bought yet rank well for their buyers."""

from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from features.catalogue.products import load_products
from features.home import Home
from features.progress import Report, silent
from recommender.arrays.tables import Factors
from recommender.sources.als import Taste, fold_in
from training.data.history import load_history
from training.data.interactions import confidence
from training.data.products import align
from training.errors import BadDataset
from training.measure.metrics import Metrics, estimate, measure, ranks_of_truth, top
from training.measure.result import Evaluation
from training.models.als import fit_als
from training.models.cold_start import with_content_vectors
from training.models.product_kinds import Content
from training.settings import TrainingSettings

NEW_SHARE, FEWEST_USERS = 0.05, 5
EVALUATED_CUSTOMERS, REACH = 2_000, 100
COLD_START_MEASURES = "recall@5", "mrr@20", "ndcg@10_full"

Scores = NDArray[np.floating[Any]]


def evaluate_cold_start(
    home: Home, report: Report = silent, settings: TrainingSettings | None = None
) -> Evaluation:
    """All interactions with a sample of products are hidden from ALS, which makes them new products.

    The new products alone are ranked for the users who interacted with them and with others, so `zero
    vectors` rank at random. `kind popularity`: mean number of users of the products of the same type.
    coverage@100: share of the new products that are in the best 100 of the whole catalogue for any user.
    Raises BadDataset where there are too few products or users.
    """
    began, settings = monotonic(), settings or TrainingSettings()
    catalogue = load_products(home)
    history = load_history(home, catalogue)
    products, user_items = align(catalogue, history), confidence(history, settings)
    content = Content.of(products.titles, products.category, products.brand)
    new_items = sample_products(user_items, settings.seed)
    known_items = without(user_items, new_items)
    customers = evaluated_customers(user_items, known_items, new_items, settings.seed)
    if not len(customers):
        raise BadDataset(f"{home.root} has too few products with {FEWEST_USERS} people to hide any")
    zero = fit_als(known_items, settings, report)
    filled = with_content_vectors(zero, known_items, content.vectors, products.price, settings.seed)
    truth = user_items[customers][:, new_items].tocsr()
    tastes = np.stack([taste(filled, known_items, customer) for customer in customers])
    scores = {
        "perennial": tastes @ filled.items[new_items].T,
        "kind popularity": np.tile(
            kind_popularity(known_items, content.kind, new_items), (len(customers), 1)
        ),
        "zero vectors": tastes @ zero.items[new_items].T,
    }
    metrics = {
        name: metrics_of(ranking_scores, truth, settings.seed) for name, ranking_scores in scores.items()
    }
    for name, factors in (("perennial", filled), ("zero vectors", zero)):
        metrics[name][f"coverage@{REACH}"] = {
            "value": coverage(tastes, factors, known_items[customers], new_items)
        }
    return Evaluation("cold start", home.root.name, metrics, len(customers), monotonic() - began)


def sample_products(user_items: csr_matrix, seed: int) -> NDArray[np.int64]:
    """A sample of the products with at least FEWEST_USERS users, ascending."""
    n_users = np.bincount(user_items.indices, minlength=user_items.shape[1])
    eligible = np.random.default_rng(seed).permutation(np.flatnonzero(n_users >= FEWEST_USERS))
    return np.sort(eligible[: round(NEW_SHARE * len(eligible))])


def without(user_items: csr_matrix, items: NDArray[np.int64]) -> csr_matrix:
    """The matrix without all interactions with these products."""
    kept = np.ones(user_items.shape[1], np.float32)
    kept[items] = 0
    kept_items = csr_matrix(user_items @ diags_array(kept))
    kept_items.eliminate_zeros()
    return kept_items


def evaluated_customers(
    user_items: csr_matrix, known_items: csr_matrix, new_items: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """Users with new and with other products, at most EVALUATED_CUSTOMERS of them, ascending."""
    has_new = np.diff(user_items[:, new_items].indptr) > 0
    drawn = np.random.default_rng(seed).permutation(
        np.flatnonzero(has_new & (np.diff(known_items.indptr) > 0))
    )
    return np.sort(drawn[:EVALUATED_CUSTOMERS])


def taste(factors: Factors, known_items: csr_matrix, customer: int) -> NDArray[np.float32]:
    """The customer's vector, folded in as in serving."""
    row = slice(known_items.indptr[customer], known_items.indptr[customer + 1])
    return fold_in(factors, Taste(known_items.indices[row], known_items.data[row]))


def kind_popularity(known_items: csr_matrix, kind: NDArray[np.int32], new_items: NDArray[np.int64]) -> Scores:
    """(n_new): mean number of users of the known products of the same type."""
    n_users = np.bincount(known_items.indices, minlength=known_items.shape[1])
    of_kind, total = np.bincount(kind + 1, n_users > 0), np.bincount(kind + 1, n_users)
    return (total / np.maximum(of_kind, 1))[kind[new_items] + 1]


def metrics_of(scores: Scores, truth: csr_matrix, seed: int) -> Metrics:
    """Measures over the customers; scores and truth: (n_customers, n_new)."""
    above_zero = scores - scores.min() + 1.0
    ranks_of_customers = [
        ranks_of_truth(top(row, max(20, REACH)), truth.indices[start:end].astype(np.int32))
        for row, start, end in zip(above_zero, truth.indptr[:-1], truth.indptr[1:], strict=True)
    ]
    return {
        name: estimate([measure(name)(ranks) for ranks in ranks_of_customers], seed)
        for name in COLD_START_MEASURES
    }


def coverage(
    tastes: Scores, factors: Factors, known_items: csr_matrix, new_items: NDArray[np.int64]
) -> float:
    """Share of the new products among the best REACH products not known yet of at least one user."""
    reached_items: set[int] = set()
    for number, vector in enumerate(tastes):
        scores = factors.items @ vector
        scores[known_items.indices[known_items.indptr[number] : known_items.indptr[number + 1]]] = -np.inf
        best = top(np.maximum(scores, 0), min(REACH, len(scores))).items
        reached_items.update(np.intersect1d(best, new_items).tolist())
    return len(reached_items) / len(new_items)
