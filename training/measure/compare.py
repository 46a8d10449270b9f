"""Several rankers before the same cases with known answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.context.request import Request, Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.recommend import Recommender
from training.measure.metrics import Metrics, Ranked, depth, measure, ranks_of_truth, recall, top
from training.measure.paired import Values


class Case(NamedTuple):
    """A question and the items (rows) that were then bought or looked at.

    owner: equal and from 0 on for cases that are alike, as those of one visit; below 0 the case stands alone.
    """

    request: Request
    truth: NDArray[np.int32]
    owner: int = -1


Ranker = Callable[[Case, int], Ranked]
"""A case and k -> its k best items, and what ties with the last of them."""


def recommended(bundle: Bundle) -> Ranker:
    """What serving would answer."""
    faiss.omp_set_num_threads(1)  # as in an API process
    recommender = Recommender(bundle, Availability.of(bundle.tables))

    def rank(case: Case, k: int) -> Ranked:
        return Ranked(np.array([pick.item for pick in recommender.recommend(case.request, k)], np.int32))

    return rank


def scored(bundle: Bundle, scores: Callable[[Situation], NDArray[np.floating]]) -> Ranker:
    """The products that serving might show, by the scores (n_items) of a simpler method; 0 is no answer.

    Of the sizes and colours of a product that is the best one alone, and none of what is hidden.
    """
    tables, product = bundle.tables, products_of(bundle.tables.variant_groups.group)
    every = np.arange(len(product), dtype=np.int32)

    def rank(case: Case, k: int) -> Ranked:
        situation = Situation(case.request, bundle)
        shown = tables.product.recommendable & (tables.product.in_stock | (not case.request.in_stock))
        shown[situation.hidden] = False
        if case.request.purpose != "buy_again":
            shown &= ~tables.variant_groups.share_one(every, situation.hidden)
        return top(_best_variants(np.where(shown, scores(situation), 0.0), product), k)

    return rank


def products_of(group: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n_items): the same number for all sizes and colours of one product. An answer shows one of them, which
    is as right as another. group: as of `VariantGroups`."""
    alone = np.arange(len(group), dtype=np.int32)
    return np.where(group >= 0, len(alone) + group, alone).astype(np.int32)


def _best_variants(scores: NDArray[np.floating], product: NDArray[np.int32]) -> NDArray[np.floating]:
    """The scores, 0 for all but the best variant of a product."""
    best_first = np.argsort(-scores, kind="stable")
    _, first = np.unique(product[best_first], return_index=True)
    kept = np.zeros_like(scores)
    kept[best_first[first]] = scores[best_first[first]]
    return kept


def popularity(bundle: Bundle) -> Ranker:
    """The best sellers that are not in the cart yet, the same for everybody."""
    ranking = bundle.tables.popular
    scores = np.zeros(len(bundle.tables.products))
    scores[ranking.items] = np.arange(len(ranking.items), 0, -1)
    return scored(bundle, lambda _: scores)


def familiar(bundle: Bundle, case: Case) -> NDArray[np.int32]:
    """What the shopper had bought or looked at before the question."""
    known = Situation(case.request, bundle)
    return np.array([*known.purchases.items, *known.fresh_purchases, *known.viewed.tolist()], np.int32)


def compare(  # noqa: PLR0913, PLR0917 - each caller says most of them
    cases: Sequence[Case],
    rankers: Mapping[str, Ranker],
    measures: Sequence[str],
    n_items: int,
    seed: int = 7,
    report: Report = silent,
    known: Callable[[Case], NDArray[np.int32]] | None = None,
    product: NDArray[np.int32] | None = None,
) -> dict[str, Metrics]:
    """Each ranker's measures over the same cases, with 95 % intervals of a bootstrap of owners.

    Besides those, k being the deepest of them, `coverage@k`: the share of `n_items` that it ever shows; `ms`:
    milliseconds an answer; and where it is said what a shopper has `known`, the measures of `novelty`.
    product: as `products_of`, where a variant is as right as another.
    """
    k, owner = max(map(depth, measures)), owners(cases)
    seen = [known(case) for case in cases] if known is not None else []
    wanted = cases
    if product is not None:
        seen = [np.unique(product[items]) for items in seen]
        wanted = [case._replace(truth=np.unique(product[case.truth])) for case in cases]
    found: dict[str, Metrics] = {}
    for place, (name, rank) in enumerate(rankers.items()):
        began, answers = perf_counter(), []
        for done, case in enumerate(cases):
            answers.append(rank(case, k))
            if done % 50 == 0:
                report("Evaluation", place * len(cases) + done, len(rankers) * len(cases))
        milliseconds = 1000 * (perf_counter() - began) / max(len(cases), 1)
        shown = {item for answer in answers for item in answer.items[:k].tolist()}
        if product is not None:
            answers = [answer._replace(items=product[answer.items]) for answer in answers]
        given = [ranks_of_truth(answer, case.truth) for answer, case in zip(answers, wanted, strict=True)]
        values = {each: np.array([measure(each)(ranks) for ranks in given]) for each in measures}
        found[name] = {each: Values(value, owner).mean(seed) for each, value in values.items()}
        if known is not None:
            found[name] |= novelty(wanted, answers, seen, k, seed)
        found[name][f"coverage@{k}"] = {"value": len(shown) / max(n_items, 1)}
        found[name]["ms"] = {"value": milliseconds}
    report("Evaluation", 1, 1)
    return found


def owners(cases: Sequence[Case]) -> NDArray[np.int64]:
    """(n_cases): each case's owner; one of its own, below 0, for a case that stands alone."""
    return np.array([case.owner if case.owner >= 0 else -1 - row for row, case in enumerate(cases)], np.int64)


def novelty(
    cases: Sequence[Case], answers: Sequence[Ranked], seen: Sequence[NDArray[np.int32]], k: int, seed: int
) -> Metrics:
    """recall@k of the wanted products that the shopper knew, and of those that were new to them; and the
    share of the shown products that are known (`repeats@k`) and new (`explores@k`)."""
    recalls: dict[str, list[tuple[float, int]]] = {"repeat": [], "explore": []}
    repeats = []
    for case, answer, known, owner in zip(cases, answers, seen, owners(cases).tolist(), strict=True):
        old = np.isin(case.truth, known)
        for kind, wanted in (("repeat", case.truth[old]), ("explore", case.truth[~old])):
            if len(wanted):
                recalls[kind].append((recall(ranks_of_truth(answer, wanted), k), owner))
        if len(answer.items):
            repeats.append(float(np.isin(answer.items[:k], known).mean()))
    share = float(np.mean(repeats)) if repeats else 0.0
    found = {
        f"recall@{k}_{kind}": Values(*map(np.array, zip(*values, strict=True))).mean(seed)
        for kind, values in recalls.items()
        if values
    }
    return {**found, f"repeats@{k}": {"value": share}, f"explores@{k}": {"value": 1.0 - share}}


def spread(cases: Iterator[Case], at_most: int, seed: int) -> list[Case]:
    """A fair sample of cases, in their order."""
    everything = list(cases)
    if len(everything) <= at_most:
        return everything
    chosen = np.random.default_rng(seed).choice(len(everything), at_most, replace=False)
    return [everything[place] for place in np.sort(chosen)]
