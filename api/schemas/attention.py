"""What `/v1/attention` answers."""

from datetime import datetime

import msgspec

from features.insights.attention import Attention


class AttentionAnswer(msgspec.Struct, frozen=True):
    """What needs attention, each with one remedy, news last. looked_at: when the worker looked."""

    items: list[Attention]
    looked_at: datetime | None
