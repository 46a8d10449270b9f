"""What was noted of answers, as it lies in the stream."""

from __future__ import annotations

from typing import Any

import msgspec
import redis

from features.outgoing.impressions import ServedRecord
from features.store import keys


def records(client: redis.Redis) -> list[ServedRecord]:
    """Oldest first."""
    entries: Any = client.xrange(keys.served_stream())
    packed = [fields[b"s"] for _, fields in entries]
    return [record for some in packed for record in msgspec.json.decode(some, type=list[ServedRecord])]
