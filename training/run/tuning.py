"""Random search, within a given time, for the settings that rank best on the shop's own last weeks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import Source
from recommender.recommend import Recommender
from recommender.sources import als as personal
from recommender.sources import cart as carts
from training.data.history import History
from training.data.interactions import buyer_items, confidence, purchase_confidence
from training.data.neighbours import as_neighbours
from training.data.repeat import purchases_table
from training.measure.compare import Case, spread
from training.measure.metrics import is_better
from training.models.als import build_index, fit_als
from training.models.cart import fit_carts
from training.run.source_weights import Tasks, ndcg, scores_of
from training.settings import TrainingSettings

Refit = Callable[[Bundle, History, TrainingSettings], Bundle]
ALONE = np.ones(1, np.float32)


class TunedPart(NamedTuple):
    """A model that can be tuned alone: choices of its settings, how to refit it, and the source and task to
    evaluate it on."""

    choices: Mapping[str, Sequence[Any]]
    refit: Refit
    source: Source
    task: str


def refit_tastes(bundle: Bundle, history: History, settings: TrainingSettings) -> Bundle:
    """The bundle with other ALS vectors."""
    factors = fit_als(confidence(history, settings), settings)
    purchases = purchases_table(history, purchase_confidence(history, settings))
    tables = replace(bundle.tables, factors=factors, purchases=purchases)
    return Bundle(bundle.manifest, tables, build_index(factors, tables.product.buyers))


def refit_carts(bundle: Bundle, history: History, settings: TrainingSettings) -> Bundle:
    """The bundle with another cart model."""
    companions, tuning = fit_carts(history, settings)
    neighbours = as_neighbours(companions, buyer_items(history))
    tables = replace(bundle.tables, companions=neighbours, cart_tuning=np.array(tuning, np.float32))
    return replace(bundle, tables=tables)


TUNED_PARTS = (
    TunedPart(
        {
            "als_factors": (64, 128, 256),
            "als_alpha": (1.0, 3.0, 10.0, 30.0, 50.0),
            "als_regularisation": (1.0, 3.0, 10.0, 30.0, 100.0, 300.0),
        },
        refit_tastes,
        Source("als", 1.0, personal.for_you),
        "next_order",
    ),
    TunedPart(
        {"half_life_days": (30.0, 60.0, 120.0, 180.0, 365.0, 1_000.0)},
        refit_carts,
        Source("co_purchase", 1.0, carts.completion),
        "cart",
    ),
)


@dataclass(frozen=True)
class Tuned:
    """The best settings, the bundle fitted with them, and those of the settings that the search chose."""

    settings: TrainingSettings
    bundle: Bundle
    chosen: dict[str, Any]


def tune(
    early: History,
    learning: Tasks,
    judging: Tasks,
    bundle: Bundle,
    settings: TrainingSettings,
    minutes: float,
    report: Report = silent,
) -> Tuned:
    """Search each part's settings in turn on `learning`; they are kept if they are no worse on `judging`.

    bundle: fitted on `early` with `settings`. No trial begins that is likely to end after the time.
    """
    began, chosen = monotonic(), dict[str, Any]()
    for index, part in enumerate(TUNED_PARTS):
        if not learning[part.task] or not judging[part.task]:
            continue
        share = (began + 60 * minutes - monotonic()) / (len(TUNED_PARTS) - index)
        report(f"Tuning: {part.source.name}", index, len(TUNED_PARTS))
        best = Search(part, early, learning[part.task], settings).run(bundle, share, report)
        new, old = (source_ndcg(part, each, judging[part.task], settings) for each in (best.bundle, bundle))
        if new.mean() >= old.mean():
            settings, bundle = best.settings, best.bundle
        chosen |= {name: getattr(settings, name) for name in part.choices}
    report("Tuning", 1, 1)
    return Tuned(settings, bundle, chosen)


@dataclass(frozen=True)
class Search:
    """The search of one part."""

    part: TunedPart
    early: History
    cases: Sequence[Case]
    settings: TrainingSettings

    def run(self, bundle: Bundle, seconds: float, report: Report) -> Tuned:
        """The best trial within the time; the present settings stay unless one is clearly better."""
        best = Tuned(self.settings, bundle, {})
        best_score, began, slowest = self.score(bundle), monotonic(), 0.0
        for trial in self.trials():
            start = monotonic()
            if start + slowest > began + seconds:
                break
            fitted = self.part.refit(bundle, self.early, trial)
            score = self.score(fitted)
            if is_better(score, best_score):
                best, best_score = Tuned(trial, fitted, {}), score
            slowest = max(slowest, monotonic() - start)
            report(f"Tuning: {self.part.source.name}", int(monotonic() - began), int(seconds))
        return best

    def trials(self) -> Iterator[TrainingSettings]:
        """Every combination but the present one, in random order."""
        values = list(product(*self.part.choices.values()))
        for row in np.random.default_rng(self.settings.seed).permutation(len(values)):
            choices = dict(zip(self.part.choices, values[row], strict=True))
            if any(getattr(self.settings, name) != value for name, value in choices.items()):
                yield self.settings.model_copy(update=choices)

    def score(self, bundle: Bundle) -> NDArray[np.float64]:
        return source_ndcg(self.part, bundle, self.cases, self.settings)


def source_ndcg(
    part: TunedPart, bundle: Bundle, cases: Sequence[Case], settings: TrainingSettings
) -> NDArray[np.float64]:
    """(n_cases): NDCG@10 of the part's source alone."""
    sample = spread(iter(cases), settings.evaluation_cases, settings.seed)
    return ndcg(ALONE, scores_of(sample, (part.source,), Recommender(bundle, Availability.of(bundle.tables))))
