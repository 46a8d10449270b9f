"""When something holds: from one moment until another. Where either is not given, that side is open."""

from datetime import datetime
from typing import Annotated, Protocol

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Timed(Protocol):
    """A rule, an offer, a budget or an experiment."""

    @property
    def from_(self) -> datetime | None: ...

    @property
    def until(self) -> datetime | None: ...


def is_active(timed: Timed, now: datetime) -> bool:
    """Whether it holds: at `from` it does, at `until` no longer."""
    return (timed.from_ is None or timed.from_ <= now) and (timed.until is None or now < timed.until)


def overlap(one: Timed, other: Timed) -> bool:
    """Whether there is a moment at which both may hold."""
    return not (_ends_before(one, other) or _ends_before(other, one))


def is_never(timed: Timed) -> bool:
    """Whether it ends before it begins."""
    return _ends_before(timed, timed)


def _ends_before(one: Timed, other: Timed) -> bool:
    return one.until is not None and other.from_ is not None and one.until <= other.from_
