"""Weights of the parts of the source `discover`, learned from what customers bought for the first time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from features.progress import Report, silent
from recommender.context.request import Situation
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.discovery_table import DEFAULT_MIX, PARTS
from recommender.placements import Propose, Source
from recommender.recommend import Recommender
from recommender.sources.candidates import Candidates
from recommender.sources.discover import history_parts, no_news
from training.data.history import History
from training.measure.compare import Case, familiar, spread
from training.models.discovery import DiscoveryTuning, with_boost
from training.run.source_weights import ENOUGH_CASES, learn, ndcg, scores_of
from training.settings import TrainingSettings

EXPONENTS = 0.0, 0.5, 1.0


def tune_discovery(
    cases: Sequence[Case],
    bundle: Bundle,
    history: History,
    settings: TrainingSettings,
    report: Report = silent,
) -> DiscoveryTuning:
    """The tuning with the highest NDCG@10 of what was new to the customers in their next orders."""
    cases = spread(first_purchases(cases, bundle), 2 * settings.blend_cases, settings.seed)
    if len(cases) < 2 * ENOUGH_CASES:
        return DiscoveryTuning()
    best, best_score = DiscoveryTuning(), -1.0
    for number, exponent in enumerate(EXPONENTS):
        report("Discovery", number, len(EXPONENTS))
        tables, index = with_boost(bundle.tables, history, DiscoveryTuning(exponent=exponent))
        boosted = replace(bundle, tables=tables, index=index)
        source_scores = scores_of(cases, PART_SOURCES, Recommender(boosted, Availability.of(tables)))
        mix = learn(source_scores, np.array(DEFAULT_MIX, np.float32), np.zeros(len(PARTS), np.float32))
        if (score := float(ndcg(mix, source_scores).mean())) > best_score:
            best, best_score = DiscoveryTuning(tuple(mix.tolist()), exponent), score
    return best


def first_purchases(cases: Sequence[Case], bundle: Bundle) -> Iterator[Case]:
    """The cases of customers with a history, with what was new to them alone."""
    for case in cases:
        known = familiar(bundle, case)
        truth = case.truth[~np.isin(case.truth, known)]
        if len(truth) and len(known):
            yield case._replace(truth=truth)


def _part(number: int) -> Propose:
    def propose(situation: Situation) -> Candidates:
        if "discovery parts" not in situation.computed:
            tables, index = situation.bundle.tables, situation.bundle.index
            known = no_news(tables, situation.purchases.items)
            parts = history_parts(tables, index, situation.customer)
            parts = [part.where(~np.isin(part.items, known)) for part in parts]
            situation.computed["discovery parts"] = parts
        part: Candidates = situation.computed["discovery parts"][number]
        return part

    return propose


PART_SOURCES = tuple(
    Source(name, weight, _part(number))
    for number, (name, weight) in enumerate(zip(PARTS, DEFAULT_MIX, strict=True))
)
