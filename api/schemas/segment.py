"""What goes in and out of the paths that Segment's clients and Google's Measurement Protocol know."""

from typing import Any, Literal

import msgspec

from api.schemas.recommendations import Rejected


class SegmentCall(msgspec.Struct, frozen=True):
    """One call of Segment's spec, with any further field of it; `batch` and `import` take a list of them."""

    type: Literal["track", "identify", "page", "screen", "group", "alias"] | None = None
    event: str | None = None
    messageId: str | None = None
    userId: str | None = None
    anonymousId: str | None = None
    timestamp: str | None = None
    sentAt: str | None = None
    writeKey: str | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    batch: list[dict[str, Any]] = []


class SegmentAnswer(msgspec.Struct, frozen=True):
    """What became of each call, in their order; success: none was rejected. ignored: it says nothing of
    products, orders and customers."""

    success: bool
    statuses: list[Literal["accepted", "duplicate", "erased", "rejected", "ignored"]]
    rejected: list[Rejected]


class Measurement(msgspec.Struct, frozen=True):
    """A body of Google's Measurement Protocol."""

    events: list[dict[str, Any]]
    client_id: str | None = None
    user_id: str | None = None
    timestamp_micros: int | str | None = None
