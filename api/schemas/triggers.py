"""The shapes of questions and answers about triggers."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from api.schemas.revisions import SettingsVersion
from features.events.vocabulary import Id
from recommender.lifecycle.vocabulary.occasion import MessageKind, Trigger
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


class DueKind(msgspec.Struct, frozen=True):
    """Messages of a kind that were handed out and have not lapsed: those that wait to be read, and those that
    were. examples: of those that wait, looked at again."""

    kind: MessageKind
    waiting: int
    read: int
    examples: list[Trigger]


class DueMessages(msgspec.Struct, frozen=True):
    """By kind, the most urgent first. more: there are more than were counted."""

    kinds: list[DueKind]
    more: bool


class CalendarAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """days: from today on."""

    days: Annotated[int, msgspec.Meta(ge=1, le=28)] = 14


class CalendarDay(msgspec.Struct, frozen=True):
    """How many messages of each kind will be due."""

    day: date
    kinds: dict[str, int]


class MessageCalendar(msgspec.Struct, frozen=True):
    """The messages of the coming days, if nobody does anything meanwhile. Where looked_at is less than
    customers, an estimate from so many of them."""

    days: list[CalendarDay]
    customers: int
    looked_at: int


class MessagePreviewAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """settings: others than those saved, to see what they would do."""

    customer_id: Id
    settings: Settings | None = None


class Upcoming(msgspec.Struct, frozen=True):
    """A message on a later day, if nothing happens meanwhile."""

    day: date
    kind: MessageKind
    reason: str
    products: list[str]


class MessagePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer would get. due: now; waiting: kinds that were handed out and not read yet; upcoming: in
    the next 14 days.

    channel: for promotion; None: they have not consented. held_until: until then promotion is held back;
    budget_opens: the budget has no room before; held_out: they get messages about orders alone. cards: what
    is shown of each product named.
    """

    customer_id: str
    known: bool
    due: list[Trigger]
    waiting: list[MessageKind]
    upcoming: list[Upcoming]
    channel: str | None
    held_until: datetime | None
    budget_opens: datetime | None
    held_out: bool
    cards: dict[str, dict[str, Any]]
