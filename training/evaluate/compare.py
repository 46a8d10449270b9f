"""Several rankers before the same cases with known answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.bundle import Bundle
from recommender.recommend import Recommender
from recommender.request import Request
from recommender.shelf import Shelf
from training.evaluate.metrics import Metrics, Ranked, estimate, measure, ranks


class Case(NamedTuple):
    """A question and the items (rows) that were then bought or looked at."""

    request: Request
    truth: NDArray[np.int32]


Ranker = Callable[[Case, int], Ranked]
"""A case and k -> its k best items, and what ties with the last of them."""


def recommended(bundle: Bundle) -> Ranker:
    """What serving would answer."""
    faiss.omp_set_num_threads(1)  # as in an API process
    recommender = Recommender(bundle, Shelf.of(bundle.tables))

    def rank(case: Case, k: int) -> Ranked:
        return Ranked(np.array([pick.item for pick in recommender.recommend(case.request, k)], np.int32))

    return rank


def popularity(bundle: Bundle) -> Ranker:
    """The best sellers that are not in the cart yet, the same for everybody."""
    tables = bundle.tables
    shown = tables.popular.items[tables.product.in_stock[tables.popular.items]]

    def rank(case: Case, k: int) -> Ranked:
        cart = tables.products.rows(case.request.cart)
        head = shown[: k + len(cart)]
        return Ranked(head[~np.isin(head, cart)][:k])

    return rank


def compare(
    cases: Sequence[Case],
    rankers: Mapping[str, Ranker],
    measures: Sequence[str],
    n_items: int,
    k: int = 10,
    seed: int = 7,
    report: Report = silent,
) -> dict[str, Metrics]:
    """Each ranker's measures over the same cases, with 95 % bootstrap intervals.

    Besides those, `coverage@k`: the share of `n_items` that it ever shows; `ms`: milliseconds an answer.
    """
    found: dict[str, Metrics] = {}
    for place, (name, rank) in enumerate(rankers.items()):
        began, answers = perf_counter(), []
        for done, case in enumerate(cases):
            answers.append(rank(case, k))
            if done % 50 == 0:
                report("Evaluation", place * len(cases) + done, len(rankers) * len(cases))
        milliseconds = 1000 * (perf_counter() - began) / max(len(cases), 1)
        given = [ranks(answer, case.truth) for answer, case in zip(answers, cases, strict=True)]
        shown = {item for answer in answers for item in answer.items[:k].tolist()}
        found[name] = {each: estimate([measure(each)(ranks) for ranks in given], seed) for each in measures}
        found[name][f"coverage@{k}"] = {"value": len(shown) / max(n_items, 1)}
        found[name]["ms"] = {"value": milliseconds}
    report("Evaluation", 1, 1)
    return found


def spread(cases: Iterator[Case], at_most: int, seed: int) -> list[Case]:
    """A fair sample of cases, in their order."""
    everything = list(cases)
    if len(everything) <= at_most:
        return everything
    chosen = np.random.default_rng(seed).choice(len(everything), at_most, replace=False)
    return [everything[place] for place in np.sort(chosen)]
