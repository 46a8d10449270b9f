"""How loud each source of a placement speaks, learned from what happened after the sources were fitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.context.request import PLACEMENTS, Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import POPULAR, SOURCE_MIXES, SourceMix, fixed_weights
from recommender.recommend import Recommender
from recommender.sources.candidates import Candidates
from training.measure.compare import Case, spread
from training.settings import TrainingSettings

GRID = 0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0
ROUNDS = 3
K = 10
DEEPEST = 50  # places of a source's ranking that can lift a product among the first ten
FILL = 1e-6  # weight of what fills up where all sources together have too little to say
# Cases that judge for one that is learned from: the choice is what chance may spoil, above all that between
# the sums of a cart and their order by trees, which differ by little.
JUDGED, JUDGED_CARTS = 2, 12
FEWEST = 100  # cases below which the fixed weights stay
SURE = 2.0  # standard errors by which a source must help to be asked, and cost its time
DISCOUNT = 1 / np.log2(np.arange(2, K + 2))

Weights = NDArray[np.float32]
Tasks = Mapping[str, Sequence[Case]]


class Votes(NamedTuple):
    """What the sources said of each case's products, and which of these were wanted.

    votes: (n_sources, n_cases, width) float32, a source's best product 1, absent ones 0; wanted:
    (n_cases, width) bool; ideal: (n_cases), the discounted gain of a list that begins with the whole truth.
    """

    votes: NDArray[np.float32]
    wanted: NDArray[np.bool_]
    ideal: NDArray[np.float64]


def fit_blends(
    learning: Tasks, judging: Tasks, bundle: Bundle, settings: TrainingSettings, report: Report = silent
) -> tuple[Weights, dict[str, Any]]:
    """Weights as in `fixed_weights`, and of each placement that learned its own what they are worth.

    The cases of `judging`, which came later, choose between what was learned on `learning`, the fixed weights
    and each source alone.
    """
    faiss.omp_set_num_threads(1)  # as in an API process
    weights, found = fixed_weights(), {}
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    early, late = by_placement(learning), by_placement(judging)
    for row, placement in enumerate(PLACEMENTS):
        report("Blending the sources", row, len(PLACEMENTS))
        parts = early.get(placement, []), late.get(placement, [])
        if len(recipe := SOURCE_MIXES[placement]) > 1 and min(map(len, parts)) >= FEWEST / 2:
            judged = JUDGED_CARTS if placement == "cart" else JUDGED
            most = settings.blend_cases, judged * settings.blend_cases
            some = (spread(iter(cases), n, settings.seed) for cases, n in zip(parts, most, strict=True))
            learned_on, judged_on = (votes_of(cases, recipe, recommender) for cases in some)
            fixed = weights[row, : len(recipe)].copy()
            weights[row, : len(recipe)] = best = choose(learn(learned_on, fixed), fixed, judged_on)
            found[placement] = worth(best, fixed, judged_on)
    report("Blending the sources", 1, 1)
    return weights, found


def by_placement(tasks: Tasks) -> dict[str, list[Case]]:
    """The cases of all tasks that ask for the same placement."""
    cases: dict[str, list[Case]] = {}
    for case in (case for task in tasks.values() for case in task):
        cases.setdefault(case.request.placement, []).append(case)
    return cases


def votes_of(cases: Sequence[Case], recipe: SourceMix, recommender: Recommender) -> Votes:
    """Ask every source about each case; last come the best sellers, which fill up."""
    asked = [*recipe, POPULAR]
    rankings = []
    for case in cases:
        situation = Situation(case.request, recommender.bundle)
        proposals = (source.propose(situation) for source in asked)
        rankings.append([_heard(proposal, situation, recommender) for proposal in proposals])
    pools = [np.unique(np.concatenate([items for items, _ in ranking])) for ranking in rankings]
    width = max(K, *map(len, pools))
    votes = np.zeros((len(asked), len(cases), width), np.float32)
    wanted = np.zeros((len(cases), width), np.bool_)
    for row, (case, pool, ranking) in enumerate(zip(cases, pools, rankings, strict=True)):
        wanted[row, : len(pool)] = np.isin(pool, case.truth)
        for source, (items, scores) in enumerate(ranking):
            votes[source, row, np.searchsorted(pool, items)] = scores
    gains = np.cumsum(1 / np.log2(np.arange(2, max(len(case.truth) for case in cases) + 2)))
    return Votes(votes, wanted, gains[[len(case.truth) - 1 for case in cases]])


def _heard(
    proposal: Candidates, situation: Situation, recommender: Recommender
) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
    """The source's best products that may be shown, and their votes; a sum below 0 is none."""
    proposal = proposal.where(recommender.may_show(proposal.items, situation))
    items, which = np.unique(proposal.items, return_inverse=True)
    scores = np.maximum(np.bincount(which, proposal.scores, len(items)), 0.0)
    best = np.argsort(-scores, kind="stable")[:DEEPEST]
    return items[best], scores[best] / max(scores.max(initial=0.0), 1e-12)


def ndcg(weights: Iterable[float], asked: Votes) -> NDArray[np.float64]:
    """(n_cases): NDCG@10, with the whole truth for its ideal, of the sources weighted so."""
    scores = np.tensordot(np.array([*weights, FILL], np.float32), asked.votes, 1)
    best = np.argpartition(-scores, K - 1, axis=1)[:, :K]
    heights = np.take_along_axis(scores, best, axis=1)
    hits = np.take_along_axis(asked.wanted, best, axis=1) & (heights > 0)
    place = np.argsort(-heights, axis=1, kind="stable")
    return np.asarray((np.take_along_axis(hits, place, axis=1) * DISCOUNT).sum(axis=1) / asked.ideal)


def learn(asked: Votes, fixed: Weights) -> Weights:
    """Coordinate ascent from the best of the fixed weights and each source alone.

    A weight is 0 unless another is better beyond chance: a source that is silent costs no time.
    """
    weights = max([fixed, *alone(len(fixed))], key=lambda choice: ndcg(choice, asked).mean())
    for _ in range(ROUNDS):
        before = weights
        for source in range(len(weights)):
            weights = _best_weight(weights, source, asked)
        if np.array_equal(weights, before):
            break
    return np.asarray(weights / weights.max(), np.float32)


def _best_weight(weights: Weights, source: int, asked: Votes) -> Weights:
    choices = [np.array([*weights[:source], value, *weights[source + 1 :]], np.float32) for value in GRID]
    choices = [choice for choice in choices if choice.any()]
    worths = [ndcg(choice, asked) for choice in choices]
    best = int(np.argmax([found.mean() for found in worths]))
    silent_one = choices[0][source] == 0
    return choices[0] if silent_one and not better(worths[best], worths[0], SURE) else choices[best]


def better(one: NDArray[np.float64], other: NDArray[np.float64], errors: float = 1.0) -> bool:
    """Whether a mean is higher by more than so many of its standard errors, case by case."""
    gain = one - other
    return bool(gain.mean() > errors * gain.std() / np.sqrt(len(gain)))


def choose(learned: Weights, fixed: Weights, asked: Votes) -> Weights:
    """Whichever ranks these cases best: so never worse on them than the best single source."""
    best = max([learned, *alone(len(fixed))], key=lambda choice: ndcg(choice, asked).mean())
    return fixed if better(ndcg(fixed, asked), ndcg(best, asked)) else best


def alone(n_sources: int) -> list[Weights]:
    """Each source by itself."""
    return list(np.eye(n_sources, dtype=np.float32))


def worth(weights: Weights, fixed: Weights, asked: Votes) -> dict[str, Any]:
    """For the manifest: the weights, and what they, the fixed ones and each source alone reach."""
    return {
        "cases": len(asked.ideal),
        "weights": [round(weight, 3) for weight in weights.tolist()],
        "ndcg@10_full": float(ndcg(weights, asked).mean()),
        "fixed": float(ndcg(fixed, asked).mean()),
        "alone": [float(ndcg(one, asked).mean()) for one in alone(len(fixed))],
    }
