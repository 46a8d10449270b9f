"""JSON events that are not in our form, as ours: GA4's, Segment's, or ours under another name."""

from collections.abc import Iterator
from typing import Any

from features.connections.foreign_items import ForeignEvent
from features.connections.ga4 import from_ga4, is_ga4
from features.connections.payloads import UNREADABLE, what_is_wrong
from features.connections.segment import from_segment, is_segment
from features.events.foreign_names import is_unrelated, our_name
from features.events.vocabulary import InvalidEvent


def translated(event: Any) -> list[ForeignEvent]:
    """Events of ours for one of theirs; none where it is in no form that is known, or says nothing to us.

    Raises InvalidEvent where a field holds what it cannot.
    """
    if not isinstance(event, dict):
        raise InvalidEvent("an event must be a JSON object")
    try:
        return list(_translated(event))
    except UNREADABLE as error:
        raise InvalidEvent(what_is_wrong(error, event)) from error


def says_nothing(event: dict[str, Any]) -> bool:
    """Whether it is an event of theirs that we have no use for: a page view, say."""
    return is_unrelated(_name(event))


def _translated(event: dict[str, Any]) -> Iterator[ForeignEvent]:
    if is_ga4(event):
        yield from from_ga4(event)
    elif is_segment(event):
        yield from from_segment(event)
    elif name := our_name(_name(event)):
        yield ForeignEvent(event | {"type": name}, {})


def _name(event: dict[str, Any]) -> str:
    return str(event.get("event_name") or event.get("event") or event.get("type") or "")
