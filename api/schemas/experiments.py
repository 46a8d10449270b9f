"""The shapes of questions and answers about experiments."""

from datetime import datetime

import msgspec

from api.schemas.revisions import ExperimentsVersion
from recommender.experiments.plan import Experiments


class ExperimentsToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All experiments, in place of those before. With `revision`, the one you changed, no work is lost."""

    experiments: Experiments
    revision: int | None = None


class ExperimentsAnswer(msgspec.Struct, frozen=True):
    """Experiments in full, those that take visitors now, the share that is held out of all of them, what is
    odd, and the versions that are kept, newest first."""

    revision: int
    saved_at: datetime | None
    experiments: Experiments
    running: list[str]
    holdout: float
    warnings: list[str]
    versions: list[ExperimentsVersion]
