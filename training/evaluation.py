"""How good rankings are: cases with a known answer, metrics with their uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.bundle import Bundle
from recommender.recommend import Recommender
from recommender.request import Request
from recommender.shelf import Shelf

RESAMPLES = 500
Estimate = dict[str, float]
Metrics = dict[str, Estimate]


class Case(NamedTuple):
    """A question and the items (rows) that were then bought."""

    request: Request
    truth: NDArray[np.int32]


Ranker = Callable[[Case, int], Sequence[int]]
"""A case and k -> at most k items, best first."""


def recommended(bundle: Bundle) -> Ranker:
    """What serving would answer."""
    recommender = Recommender(bundle, Shelf.of(bundle.tables))
    return lambda case, k: [pick.item for pick in recommender.recommend(case.request, k)]


def popularity(bundle: Bundle) -> Ranker:
    """The best sellers that are not in the cart yet, the same for everybody."""
    tables = bundle.tables
    shown = tables.popular.items[tables.product.in_stock[tables.popular.items]].tolist()

    def rank(case: Case, k: int) -> list[int]:
        cart = set(tables.products.rows(case.request.cart))
        return [item for item in shown[: k + len(cart)] if item not in cart][:k]

    return rank


def evaluate(
    cases: Sequence[Case],
    rankers: Mapping[str, Ranker],
    n_items: int,
    seed: int,
    k: int = 10,
    report: Report = silent,
) -> dict[str, Metrics]:
    """Each ranker's hr@k, ndcg@k_full and coverage@k over the same cases, with 95 % bootstrap intervals.

    ndcg_full: the ideal list holds the whole truth, however long. Coverage: share of `n_items` ever shown.
    """
    found: dict[str, Metrics] = {}
    for place, (name, rank) in enumerate(rankers.items()):
        answers = []
        for done, case in enumerate(cases):
            answers.append(rank(case, k))
            if done % 50 == 0:
                report("Evaluation", place * len(cases) + done, len(rankers) * len(cases))
        pairs = list(zip(answers, cases, strict=True))
        shown = {item for answer in answers for item in answer}
        found[name] = {
            f"hr@{k}": estimate([hit(answer, case.truth) for answer, case in pairs], seed),
            f"ndcg@{k}_full": estimate([ndcg_full(answer, case.truth) for answer, case in pairs], seed),
            f"coverage@{k}": {"value": len(shown) / max(n_items, 1)},
        }
    return found


def hit(answer: Sequence[int], truth: NDArray[np.int32]) -> float:
    """1 where any of the truth is in the answer."""
    return float(np.isin(answer, truth).any())


def ndcg_full(answer: Sequence[int], truth: NDArray[np.int32]) -> float:
    """Discounted gain over that of a list which begins with the whole truth."""
    discount = 1.0 / np.log2(np.arange(2, max(len(answer), len(truth)) + 2))
    gain = discount[: len(answer)][np.isin(answer, truth)].sum()
    return float(gain / discount[: len(truth)].sum())


def estimate(values: Sequence[float], seed: int) -> Estimate:
    """Mean with the 2.5 % and 97.5 % points of its bootstrap distribution."""
    sample = np.asarray(values, np.float64)
    drawn = np.random.default_rng(seed).integers(len(sample), size=(RESAMPLES, len(sample)))
    low, high = np.percentile(sample[drawn].mean(axis=1), [2.5, 97.5])
    return {"value": float(sample.mean()), "low": float(low), "high": float(high)}


def spread(cases: Iterator[Case], at_most: int, seed: int) -> list[Case]:
    """A fair sample of cases, in their order."""
    everything = list(cases)
    if len(everything) <= at_most:
        return everything
    chosen = np.random.default_rng(seed).choice(len(everything), at_most, replace=False)
    return [everything[place] for place in np.sort(chosen)]
