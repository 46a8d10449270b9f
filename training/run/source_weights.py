"""The weight of each source of a mix, learned from cases after the time the sources were fitted on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.arrays.dtypes import Float32s
from recommender.context.request import NO_ACTIVITY, Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import POPULAR, SOURCE_MIXES, SourceMix, fixed_weights
from recommender.recommend import Recommender
from recommender.sources.candidates import Candidates
from training.measure.compare import Case, spread
from training.measure.metrics import discount, ideal_gains, is_better
from training.settings import TrainingSettings

GRID = 0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0
ROUNDS = 3
K = 10
SOURCE_DEPTH = 50  # best products of a source that are scored; others hardly reach the first ten
FILL_WEIGHT = 1e-6  # of the best sellers, which fill up where the sources propose fewer than ten products
# Cases to choose on for each case to learn from. Choices need more: above all the two orders of a cart's
# candidates, by sums and by trees, differ by little.
JUDGED_PER_LEARNED, JUDGED_CARTS_PER_LEARNED = 2, 12
ENOUGH_CASES = 50  # to learn from, and to choose on; with fewer the fixed weights stay
# Orders hold few products that are new to their customers: what is learned of these is doubted.
DOUBTED = frozenset({"home", "post_purchase"})
LEAST_ERRORS = 2.0  # standard errors by which a source must help to be worth its time
DISCOUNTS = discount(np.arange(1, K + 1))

Tasks = Mapping[str, Sequence[Case]]


class SourceScores(NamedTuple):
    """The sources' scores of each case's candidates, and which of these were wanted.

    scores: (n_sources, n_cases, width) float32, a source's best product 1, absent ones 0; wanted:
    (n_cases, width) bool; ideal: (n_cases), the discounted gain of a list that begins with the whole truth.
    """

    scores: NDArray[np.float32]
    wanted: NDArray[np.bool_]
    ideal: NDArray[np.float64]

    def of(self, sources: NDArray[np.intp]) -> Self:
        """Without the other sources; the best sellers stay."""
        return self._replace(scores=self.scores[[*sources, -1]])


def fit_source_weights(
    learning: Tasks, judging: Tasks, bundle: Bundle, settings: TrainingSettings, report: Report = silent
) -> tuple[Float32s, dict[str, Any]]:
    """Weights as in `fixed_weights`, and `source_figures` of each mix that learned its own.

    A mix learns from the tasks of its name; a source that proposed nothing in any case keeps its weight. The
    later cases, `judging`, choose between the weights learned on
    `learning`, the fixed weights and each source alone.
    """
    faiss.omp_set_num_threads(1)  # as in an API process
    weights, figures = fixed_weights(), {}
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    for row, (mix, source_mix) in enumerate(SOURCE_MIXES.items()):
        report("Blending the sources", row, len(SOURCE_MIXES))
        cases_of = learning.get(mix, ()), judging.get(mix, ())
        if len(source_mix) > 1 and min(map(len, cases_of)) >= ENOUGH_CASES:
            judged_share = JUDGED_CARTS_PER_LEARNED if mix == "cart" else JUDGED_PER_LEARNED
            sizes = settings.blend_cases, judged_share * settings.blend_cases
            samples = [
                spread(iter(cases), n, settings.seed) for cases, n in zip(cases_of, sizes, strict=True)
            ]
            learned_on, judged_on = (scores_of(cases, source_mix, recommender) for cases in samples)
            fixed = weights[row, : len(source_mix)].copy()
            least = least_weights(source_mix, samples[0])
            best = weights[row, : len(source_mix)]
            best[:] = fit_mix(learned_on, judged_on, fixed, least, is_doubted=mix in DOUBTED)
            figures[mix] = source_figures(best, fixed, judged_on)
    report("Blending the sources", 1, 1)
    return weights, figures


def fit_mix(
    learned_on: SourceScores, judged_on: SourceScores, fixed: Float32s, least: Float32s, *, is_doubted: bool
) -> Float32s:
    """The weights of one mix. is_doubted: the fixed ones stay unless others are clearly better."""
    heard, weights = np.flatnonzero((learned_on.scores[:-1] > 0).any(axis=(1, 2))), fixed.copy()
    if len(heard) < 2:
        return fixed
    learning, judging, prior = learned_on.of(heard), judged_on.of(heard), fixed[heard]
    best = choose(learn(learning, prior, least[heard]), prior, judging, least[heard])
    if not is_doubted or is_better(ndcg(best, judging), ndcg(prior, judging)):
        weights[heard] = best
    return weights


def least_weights(source_mix: SourceMix, cases: Sequence[Case]) -> Float32s:
    """Below which no weight is learned: the fixed one of what the mix is for, and of a source of live signals
    as long as hardly any case has live events to learn from."""
    is_unheard = sum(case.request.shopper != NO_ACTIVITY for case in cases) < ENOUGH_CASES
    stays = [source.is_purpose or (source.live and is_unheard) for source in source_mix]
    least = [source.weight if stay else 0.0 for source, stay in zip(source_mix, stays, strict=True)]
    return np.array(least, np.float32)


def scores_of(cases: Sequence[Case], source_mix: SourceMix, recommender: Recommender) -> SourceScores:
    """Scores of every source for each case; those of the best sellers, which fill up, come last."""
    sources = [*source_mix, POPULAR]
    rankings = []
    for case in cases:
        situation = Situation(case.request, recommender.bundle)
        proposals = (source.propose(situation) for source in sources)
        rankings.append([_shown_scores(proposal, situation, recommender) for proposal in proposals])
    pools = [np.unique(np.concatenate([items for items, _ in ranking])) for ranking in rankings]
    width = max(K, *map(len, pools))
    scores = np.zeros((len(sources), len(cases), width), np.float32)
    wanted = np.zeros((len(cases), width), np.bool_)
    for row, (case, pool, ranking) in enumerate(zip(cases, pools, rankings, strict=True)):
        wanted[row, : len(pool)] = np.isin(pool, case.truth)
        for source, (items, source_scores) in enumerate(ranking):
            scores[source, row, np.searchsorted(pool, items)] = source_scores
    n_wanted = [len(case.truth) for case in cases]
    return SourceScores(scores, wanted, ideal_gains(max(n_wanted))[n_wanted])


def _shown_scores(
    proposal: Candidates, situation: Situation, recommender: Recommender
) -> tuple[NDArray[np.int32], NDArray[np.floating]]:
    """The source's best products that may be shown, and their scores over the highest; none is below 0."""
    proposal = proposal.where(recommender.may_show(proposal.items, situation))
    items, item_row = np.unique(proposal.items, return_inverse=True)
    scores = np.maximum(np.bincount(item_row, proposal.scores, len(items)), 0.0)
    best = np.argsort(-scores, kind="stable")[:SOURCE_DEPTH]
    return items[best], scores[best] / max(scores.max(initial=0.0), 1e-12)


def ndcg(weights: Iterable[float], source_scores: SourceScores) -> NDArray[np.float64]:
    """(n_cases): NDCG@10, with the whole truth for its ideal, of the weighted sum of the sources' scores."""
    scores = np.tensordot(np.array([*weights, FILL_WEIGHT], np.float32), source_scores.scores, 1)
    best = np.argpartition(-scores, K - 1, axis=1)[:, :K]
    best_scores = np.take_along_axis(scores, best, axis=1)
    hits = np.take_along_axis(source_scores.wanted, best, axis=1) & (best_scores > 0)
    order = np.argsort(-best_scores, axis=1, kind="stable")
    gains = np.take_along_axis(hits, order, axis=1) * DISCOUNTS
    return np.asarray(gains.sum(axis=1) / source_scores.ideal)


def learn(source_scores: SourceScores, fixed: Float32s, least: Float32s) -> Float32s:
    """Coordinate ascent from the best of the fixed weights and each source alone. least: as `least_weights`.

    A weight is the least unless another is significantly better, as a source with weight 0 costs no time.
    """
    starts = [fixed, *single_sources(least)]
    weights = max(starts, key=lambda choice: ndcg(choice, source_scores).mean())
    for _ in range(ROUNDS):
        before = weights
        for source in range(len(weights)):
            weights = _best_weight(weights, source, source_scores, float(least[source]))
        if np.array_equal(weights, before):
            break
    return np.asarray(weights / weights.max(), np.float32)


def _best_weight(weights: Float32s, source: int, source_scores: SourceScores, least: float) -> Float32s:
    values = sorted({least, *(value for value in GRID if value > least)})
    choices = [np.array([*weights[:source], value, *weights[source + 1 :]], np.float32) for value in values]
    choices = [choice for choice in choices if choice.any()]
    scores = [ndcg(choice, source_scores) for choice in choices]
    best = int(np.argmax([score.mean() for score in scores]))
    is_least = choices[0][source] == np.float32(least)
    return choices[0] if is_least and not is_better(scores[best], scores[0], LEAST_ERRORS) else choices[best]


def choose(learned: Float32s, fixed: Float32s, source_scores: SourceScores, least: Float32s) -> Float32s:
    """The best of learned weights and single sources, or the fixed weights where those are clearly better."""
    choices = [learned, *single_sources(least)]
    best = max(choices, key=lambda choice: ndcg(choice, source_scores).mean())
    return fixed if is_better(ndcg(fixed, source_scores), ndcg(best, source_scores)) else best


def single_sources(least: Float32s) -> list[Float32s]:
    """Each source by itself, beside the least weights of the others."""
    return list(np.maximum(np.eye(len(least), dtype=np.float32), least))


def source_figures(weights: Float32s, fixed: Float32s, source_scores: SourceScores) -> dict[str, Any]:
    """For the manifest: the weights, and the NDCG of these, of the fixed ones and of each source alone."""
    return {
        "cases": len(source_scores.ideal),
        "weights": [round(weight, 3) for weight in weights.tolist()],
        "ndcg@10_full": float(ndcg(weights, source_scores).mean()),
        "fixed": float(ndcg(fixed, source_scores).mean()),
        "alone": [float(ndcg(one, source_scores).mean()) for one in np.eye(len(fixed))],
    }
