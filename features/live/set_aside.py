"""Events that a person must decide about: kept in the stream, where no answer and no history sees them.

The archiver moves them to the home's `poison` folder with their reason.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from features.events.vocabulary import Event
from features.live.shopper_state import milliseconds
from features.store import keys
from features.store.connection import Connection

REASON_FIELD = "x"  # of an entry of the stream, besides those of an event that is taken


class Doubtful(NamedTuple):
    """An event, and why nobody believes it."""

    event: Event
    reason: str


async def set_aside(store: Connection, events: Sequence[Doubtful], received_at: datetime) -> None:
    """Keep them, durable when it returns. Raises StoreUnavailable."""
    stream, received_ms = keys.event_stream(), milliseconds(received_at)
    entries = [
        store.send(
            "XADD", stream, "*", "e", msgspec.json.encode(event), "r", received_ms, REASON_FIELD, reason
        )
        for event, reason in events
    ]
    await asyncio.gather(*entries)


async def set_aside_text(store: Connection, text: bytes, reason: str, received_at: datetime) -> None:
    """Keep what cannot even be read as an event. Raises StoreUnavailable."""
    received_ms = milliseconds(received_at)
    await store.call("XADD", keys.event_stream(), "*", "e", text, "r", received_ms, REASON_FIELD, reason)
