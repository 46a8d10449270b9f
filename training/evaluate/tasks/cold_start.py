"""Products that nobody bought yet: do their content vectors find the customers who then buy them?"""

from __future__ import annotations

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

NEW_SHARE, FEWEST_PEOPLE = 0.05, 5
CUSTOMERS, REACH = 2_000, 100
MEASURES = "recall@5", "mrr@20", "ndcg@10_full"

Scores = NDArray[np.floating[Any]]


def evaluate_cold_start(
    home: Home, report: Report = silent, settings: TrainingSettings | None = None
) -> Evaluation:
    """Of a draw of products everything that anybody did is hidden from ALS, which makes them new products.

    Customers who did something with them, known by something else too, are asked about: a ranking of the new
    products alone, so chance is what `zero vectors` reach. `kind popularity`: people of the same kind's
    products. coverage@100: share of the new ones in the best 100 of the whole catalogue for anybody.
    Raises BadDataset where too little is known.
    """
    began, settings = monotonic(), settings or TrainingSettings()
    catalogue = load_products(home)
    history = load_history(home, catalogue)
    products, liking = align(catalogue, history), confidence(history, settings)
    content = Content.of(products.titles, products.category, products.brand)
    new = hidden_products(liking, settings.seed)
    known = without(liking, new)
    customers = asked(liking, known, new, settings.seed)
    if not len(customers):
        raise BadDataset(f"{home.root} has too few products with {FEWEST_PEOPLE} people to hide any")
    zero = fit_als(known, settings, report)
    filled = with_content_vectors(zero, known, content.vectors, products.price, settings.seed)
    truth = liking[customers][:, new].tocsr()
    tastes = np.stack([taste(filled, known, customer) for customer in customers])
    scores = {
        "perennial": tastes @ filled.items[new].T,
        "kind popularity": np.tile(kind_popularity(known, content.kind, new), (len(customers), 1)),
        "zero vectors": tastes @ zero.items[new].T,
    }
    metrics = {name: judged(found, truth, settings.seed) for name, found in scores.items()}
    for name, factors in (("perennial", filled), ("zero vectors", zero)):
        metrics[name][f"coverage@{REACH}"] = {"value": reached(tastes, factors, known[customers], new)}
    return Evaluation("cold start", home.root.name, metrics, len(customers), monotonic() - began)


def hidden_products(liking: csr_matrix, seed: int) -> NDArray[np.int64]:
    """A draw of the products that enough people bought or looked at, ascending."""
    people = np.bincount(liking.indices, minlength=liking.shape[1])
    enough = np.random.default_rng(seed).permutation(np.flatnonzero(people >= FEWEST_PEOPLE))
    return np.sort(enough[: round(NEW_SHARE * len(enough))])


def without(liking: csr_matrix, items: NDArray[np.int64]) -> csr_matrix:
    """The matrix as if nobody had done anything with these products."""
    kept = np.ones(liking.shape[1], np.float32)
    kept[items] = 0
    known = csr_matrix(liking @ diags_array(kept))
    known.eliminate_zeros()
    return known


def asked(liking: csr_matrix, known: csr_matrix, new: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """People with something of the new and something else, at most CUSTOMERS of them, ascending."""
    fond = np.diff(liking[:, new].indptr) > 0
    found = np.random.default_rng(seed).permutation(np.flatnonzero(fond & (np.diff(known.indptr) > 0)))
    return np.sort(found[:CUSTOMERS])


def taste(factors: Factors, known: csr_matrix, customer: int) -> NDArray[np.float32]:
    """The vector that serving would fold in."""
    row = slice(known.indptr[customer], known.indptr[customer + 1])
    return fold_in(factors, Taste(known.indices[row], known.data[row]))


def kind_popularity(known: csr_matrix, kind: NDArray[np.int32], new: NDArray[np.int64]) -> Scores:
    """(n_new): the mean number of people of the known products of the same kind."""
    people = np.bincount(known.indices, minlength=known.shape[1])
    of_kind, sold = np.bincount(kind + 1, people > 0), np.bincount(kind + 1, people)
    return (sold / np.maximum(of_kind, 1))[kind[new] + 1]


def judged(scores: Scores, truth: csr_matrix, seed: int) -> Metrics:
    """Measures over the customers; scores and truth: (n_customers, n_new)."""
    above_zero = scores - scores.min() + 1.0
    given = [
        ranks_of_truth(top(row, max(20, REACH)), truth.indices[start:end].astype(np.int32))
        for row, start, end in zip(above_zero, truth.indptr[:-1], truth.indptr[1:], strict=True)
    ]
    return {name: estimate([measure(name)(found) for found in given], seed) for name in MEASURES}


def reached(tastes: Scores, factors: Factors, known: csr_matrix, new: NDArray[np.int64]) -> float:
    """Share of the new products among anybody's best REACH of everything not known to them yet."""
    found: set[int] = set()
    for number, vector in enumerate(tastes):
        scores = factors.items @ vector
        scores[known.indices[known.indptr[number] : known.indptr[number + 1]]] = -np.inf
        best = top(np.maximum(scores, 0), min(REACH, len(scores))).items
        found.update(np.intersect1d(best, new).tolist())
    return len(found) / len(new)
