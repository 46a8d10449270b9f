"""Impressions as they are in the Redis stream."""

from typing import Any

import msgspec
import redis

from features.outgoing.impressions import ServedRecord
from features.store import keys


def impressions(client: redis.Redis) -> list[ServedRecord]:
    """All impressions, oldest first."""
    entries: Any = client.xrange(keys.served_stream())
    packed = [fields[b"s"] for _, fields in entries]
    return [record for each in packed for record in msgspec.json.decode(each, type=list[ServedRecord])]
