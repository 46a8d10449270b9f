"""The shapes of questions and answers about triggers."""

from datetime import datetime
from typing import Annotated

import msgspec

from api.schemas.revisions import SettingsVersion
from recommender.lifecycle.vocabulary.occasion import Trigger
from recommender.lifecycle.vocabulary.settings import Settings


class TriggerAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """kind: one, or several separated by commas; none: all. since: a cursor; preview: nothing is noted."""

    kind: str | None = None
    since: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1_000_000
    preview: bool = False


class TriggerLine(Trigger, frozen=True, kw_only=True):
    """A trigger; or, with `cancelled`, only `id`, `kind` and `customer_id` of one that is off."""

    cursor: str
    cancelled: bool = False


class TriggerSettingsToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings, in place of those before. With `revision`, the one you changed, nobody's work is lost."""

    settings: Settings
    revision: int | None = None


class TriggerSettingsAnswer(msgspec.Struct, frozen=True):
    """The settings in full, and the versions that are kept, newest first. warnings: what may not do what it
    is meant to, as an offer that the catalogue does not have."""

    revision: int
    saved_at: datetime | None
    settings: Settings
    versions: list[SettingsVersion]
    warnings: list[str]
