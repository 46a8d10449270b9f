"""The shapes of questions and answers about model versions and trainings."""

from datetime import datetime

import msgspec

from features.store.trainings import LastTraining
from recommender.model.publications import Publication


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """A share from 0 to 1; low and high: its 95 % interval, where it was estimated."""

    value: float
    low: float | None = None
    high: float | None = None


class Examined(msgspec.Struct, frozen=True):
    """How well one task was solved on the shop's last weeks, of which the model had not learned.

    task: `next_order` or `cart`, a hidden product of a cart; cases: how many were asked about; measures:
    measure -> method -> its value; the method `perennial` is the model, the others are simple ones.
    """

    task: str
    cases: int
    measures: dict[str, dict[str, Measured]]


class ModelVersion(msgspec.Struct, frozen=True):
    """A version. serves: whether it is the published one; refused: why training did not publish it; seconds:
    how long its training took; warnings: what it left out."""

    version: str
    trained_at: datetime
    serves: bool
    orders: int
    customers: int
    products: int
    first_order: datetime
    last_order: datetime
    seconds: float
    examined: list[Examined]
    refused: list[str]
    warnings: list[str]


class ModelsAnswer(msgspec.Struct, frozen=True):
    """All versions that are kept, newest first. loaded: the one that this process answers with, which follows
    the published one within a second; problem: why it does not; goes_back_to: what a rollback would publish;
    published: what people published, newest first."""

    models: list[ModelVersion]
    loaded: str | None
    problem: str | None
    goes_back_to: str | None
    published: list[Publication]


class PublishAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """force: even a version that training refused; this is logged."""

    force: bool = False


class TrainingsAnswer(msgspec.Struct, frozen=True):
    """running: whether a training runs now; asked_at: since when one is asked for that has not begun; worker:
    whether a worker runs that would begin it; usual_seconds: how long the newest version took; last: the
    running training, or how the last one ended; without `ended_at` it was stopped."""

    running: bool
    asked_at: datetime | None
    asked_by: str | None
    worker: bool
    usual_seconds: float | None
    last: LastTraining | None
