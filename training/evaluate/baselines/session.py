"""Simple and published methods for the next product of a visit, each in its textbook form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from features.time_units import DAY_S
from recommender.arrays.dtypes import Float64s
from recommender.model.bundle import Bundle
from recommender.sources.als import Taste, fold_in
from training.data.history import Visits
from training.measure.compare import Ranker, scored
from training.models.als import fit_als
from training.models.ease import ease_companions
from training.settings import TrainingSettings

VISITS_EASE_RIDGE = 20.0
Scorer = Callable[[Sequence[int]], Float64s]
"""The distinct items of a visit so far, newest first -> (n_items) scores."""


@dataclass(frozen=True)
class VisitIndex:
    """Training visits, oldest first, to look up by item.

    session, item int32 and position int64 (within its visit): one row a view, visit by visit. of_item: per
    item the rows of its last view in each visit. start: first row of each visit; ended: epoch s.
    distinct: how many products were viewed in each visit.
    """

    session: NDArray[np.int64]
    item: NDArray[np.int32]
    position: NDArray[np.int64]
    start: NDArray[np.int64]
    ended: NDArray[np.int64]
    distinct: NDArray[np.int64]
    of_item: list[NDArray[np.int64]]

    @classmethod
    def of(cls, visits: Visits, n_items: int) -> VisitIndex:
        names, session = np.unique(visits.session, return_inverse=True)
        ended = np.zeros(len(names), np.int64)
        np.maximum.at(ended, session, visits.timestamp)
        by_end = np.argsort(ended, kind="stable")
        session = np.argsort(by_end)[session]
        order = np.argsort(session, kind="stable")
        session, item = session[order], visits.item[order]
        start = np.searchsorted(session, np.arange(len(names) + 1))
        last: dict[tuple[int, int], int] = {
            pair: row for row, pair in enumerate(zip(item.tolist(), session.tolist(), strict=True))
        }
        rows: list[list[int]] = [[] for _ in range(n_items)]
        for (product, _), row in last.items():
            rows[product].append(row)
        of_item = [np.array(sorted(rows_of_item), np.int64) for rows_of_item in rows]
        distinct = np.bincount([visit for _, visit in last], minlength=len(names))
        position = np.arange(len(item)) - start[session]
        return cls(session, item, position, start, ended[by_end], distinct, of_item)

    def matrix(self, n_items: int) -> csr_matrix:
        """(n_visits, n_items), 1 where the item was viewed in the visit."""
        rows = np.concatenate(self.of_item)
        where = self.session[rows], self.item[rows]
        return csr_matrix((np.ones(len(rows)), where), (len(self.ended), n_items))

    @property
    def idf(self) -> Float64s:
        """log of visits over visits with the item."""
        return np.log(len(self.ended) / np.array([max(len(rows), 1) for rows in self.of_item]))


def session_baselines(visits: Visits, bundle: Bundle) -> dict[str, Ranker]:
    """Name -> ranker; what is in view now is never an answer."""
    products = bundle.tables.products
    index, n_items = VisitIndex.of(visits, len(products)), len(products)
    scorers = {
        "popularity": visit_counts(index),
        "sequential rules": sequential_rules(index, n_items),
        "item cosine": item_cosine(index, n_items),
        "als": als(index, n_items),
        "ease": ease(index, n_items),
        "VMIS-kNN": vmis(index, n_items),
        "VMIS-kNN, 2 looks": vmis(index, n_items, m=500, k=100, longest=2),
        "VSTAN": vstan(index, n_items),
    }

    def visit(scorer: Scorer) -> Ranker:
        return scored(bundle, lambda situation: scorer(products.rows(situation.shopper.viewed)))

    return {name: visit(scorer) for name, scorer in scorers.items()}


def visit_counts(index: VisitIndex) -> Scorer:
    """Visits with the item."""
    visits = np.array([len(rows) for rows in index.of_item], np.float64)
    return lambda _viewed: visits.copy()


def sequential_rules(index: VisitIndex, n_items: int) -> Scorer:
    """What was viewed after the newest item, up to ten views later, a view at distance d counting 1 / d."""
    positions, weights = [], []
    for apart in range(1, 11):
        first = np.flatnonzero(index.session[apart:] == index.session[:-apart])
        positions.append(np.stack([first, first + apart]))
        weights.append(np.full(len(first), 1.0 / apart))
    cells = index.item[np.concatenate(positions, axis=1)]
    rules = csr_matrix((np.concatenate(weights), (cells[0], cells[1])), (n_items, n_items))
    return lambda viewed: rules[[viewed[0]]].toarray()[0]


def item_cosine(index: VisitIndex, n_items: int, fade: float = 0.7) -> Scorer:
    """Cosine by visits, summed over the items of the visit, weighted by fade^(number of later ones)."""
    visit_items = index.matrix(n_items)
    norm = 1.0 / np.sqrt(np.maximum(np.asarray(visit_items.sum(axis=0)).ravel(), 1.0))
    scaled = csr_matrix(visit_items @ diags_array(norm))
    cosine = csr_matrix(scaled.T @ scaled)
    cosine.setdiag(0.0)

    def score(viewed: Sequence[int]) -> Float64s:
        weights = fade ** np.arange(len(viewed))
        return np.asarray(weights @ cosine[list(viewed)].toarray(), np.float64)

    return score


def ease(index: VisitIndex, n_items: int) -> Scorer:
    """EASE (Steck 2019) on the 6,000 most viewed products, summed over the items of the visit."""
    weights = ease_companions(
        csr_matrix(index.matrix(n_items), dtype=np.float32), VISITS_EASE_RIDGE, 6_000, 200
    )
    return lambda viewed: np.asarray(weights[list(viewed)].sum(axis=0), np.float64).ravel()


def als(index: VisitIndex, n_items: int) -> Scorer:
    """ALS on visits; a new visit is folded in."""
    settings = TrainingSettings()
    confidence = csr_matrix(index.matrix(n_items), dtype=np.float32)
    confidence.data += np.float32(settings.als_alpha)
    factors = fit_als(confidence, settings)

    def score(viewed: Sequence[int]) -> Float64s:
        looks = np.full(len(viewed), 1.0 + settings.als_alpha, np.float32)
        taste = Taste(np.array(viewed, np.int32), looks)
        return np.asarray(factors.items @ fold_in(factors, taste), np.float64)

    return score


def vmis(index: VisitIndex, n_items: int, m: int = 1502, k: int = 288, longest: int = 4) -> Scorer:
    """VMIS-kNN (Kersbergen et al. 2022): the m newest visits with an item in common, the k most similar of
    them, weights linear in position, idf. m, k, longest: what bol.com's search found on their example."""
    idf = index.idf + np.log(index.distinct.mean())  # their idf counts views, not visits

    def score(viewed: Sequence[int]) -> Float64s:
        recent = viewed[:longest]
        similarity, newest = np.zeros(len(index.ended)), np.full(len(index.ended), len(recent))
        for age in range(len(recent) - 1, -1, -1):
            matched = index.session[index.of_item[recent[age]]]
            similarity[matched] += (len(recent) - age) / len(recent)
            newest[matched] = age
        sample = np.flatnonzero(similarity)[-m:]
        near = sample[np.argsort(-similarity[sample], kind="stable")[:k]]
        scores = np.zeros(n_items)
        for visit in near.tolist():
            items = np.unique(index.item[index.start[visit] : index.start[visit + 1]])
            scores[items] += (1.0 - 0.1 * (newest[visit] + 1)) * similarity[visit] * idf[items]
        return scores

    return score


def vstan(index: VisitIndex, n_items: int, m: int = 2500, k: int = 1000) -> Scorer:
    """VSTAN (Garg et al. 2019; Ludewig et al. 2021) with its usual settings: visits fade with age (100
    days), looks with their distance from the newest (3.62) and from the match in the other visit (.45)."""
    idf, now = 1.0 + index.idf, index.ended.max()
    freshness = np.exp((index.ended - now) / (100.0 * DAY_S)) / np.sqrt(index.distinct)

    def score(viewed: Sequence[int]) -> Float64s:
        similarity, newest = np.zeros(len(index.ended)), np.zeros(len(index.ended), np.int64)
        match = np.zeros(len(index.ended), np.int64)
        for age in range(len(viewed) - 1, -1, -1):
            rows = index.of_item[viewed[age]][-m:]
            matched = index.session[rows]
            similarity[matched] += np.exp(-age / 3.62)
            newest[matched], match[matched] = age, index.position[rows]
        similarity *= freshness
        candidates = np.flatnonzero(similarity)
        near = candidates[np.argsort(-similarity[candidates], kind="stable")[:k]]
        scores = np.zeros(n_items)
        for visit in near.tolist():
            row = slice(index.start[visit], index.start[visit + 1])
            distance = np.abs(index.position[row] - match[visit])
            weight = similarity[visit] * np.exp(-newest[visit] / 3.62) * np.exp(-distance / 0.45)
            np.add.at(scores, index.item[row], weight * idf[index.item[row]])
        return scores

    return score
