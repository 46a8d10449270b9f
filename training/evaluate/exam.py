"""What every ranking task evaluates: a history to train on, and cases from after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import polars as pl

from features.catalogue.products import schema
from features.progress import Report, silent
from recommender.model.bundle import Bundle
from training.data.history import History
from training.measure.compare import Case, Ranker, compare, familiar, products_of, recommended, spread
from training.measure.metrics import Metrics
from training.run.manifest import manifest_of
from training.run.train import fit
from training.settings import TrainingSettings


@dataclass(frozen=True)
class Exam:
    """dataset: its name; catalogue: by the catalogue's schema, without rows where there is none."""

    dataset: str
    history: History
    cases: list[Case]
    catalogue: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=schema()))

    def sampled(self, at_most: int) -> Exam:
        """With a fair sample of the cases, where there are more."""
        return replace(self, cases=spread(iter(self.cases), at_most, TrainingSettings().seed))

    def bundle(self, report: Report = silent, settings: TrainingSettings | None = None) -> Bundle:
        """The bundle of the history, trained as it would be to serve."""
        settings = settings or TrainingSettings()
        tables, index, rehearsal = fit(self.history, self.catalogue, settings, report)
        now = datetime.fromtimestamp(self.history.until, UTC)
        manifest = manifest_of(
            "evaluation", now, self.history, tables, rehearsal.settings, {}, rehearsal.source_figures
        )
        return Bundle(manifest, tables, index)

    def compared(
        self,
        bundle: Bundle,
        baselines: Mapping[str, Ranker],
        measures: Sequence[str],
        n_items: int,
        seed: int | None = None,
        report: Report = silent,
    ) -> dict[str, Metrics]:
        """What serves and the baselines over all cases. seed: of the bootstrap; None: as set."""
        rankers = {"perennial": recommended(bundle), **baselines}
        seed = TrainingSettings().seed if seed is None else seed
        product = products_of(bundle.tables.variant_groups.group)
        return compare(
            self.cases, rankers, measures, n_items, seed, report, partial(familiar, bundle), product
        )
