"""What every task evaluates: a history to train on, and cases from after it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl

from features.catalogue.products import schema
from features.progress import Report, silent
from recommender.model.bundle import Bundle
from training.data.history import History
from training.measure.compare import Case
from training.run.train import describe, fit
from training.settings import TrainingSettings


@dataclass(frozen=True)
class Exam:
    """dataset: its name; catalogue: by the catalogue's schema, without rows where there is none."""

    dataset: str
    history: History
    cases: list[Case]
    catalogue: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=schema()))

    def bundle(self, report: Report = silent) -> Bundle:
        """The bundle of the history, trained without repeat suppression, as the cases have none."""
        settings = TrainingSettings(rest_days=0)
        tables, index, rehearsal = fit(self.history, self.catalogue, settings, report)
        now = datetime.fromtimestamp(self.history.until, UTC)
        manifest = describe(
            "evaluation", now, self.history, tables, rehearsal.settings, {}, rehearsal.source_figures
        )
        return Bundle(manifest, tables, index)
