"""How big one event may be, and how much money: beyond is refused, or left to a person."""

from typing import Annotated, Any

import msgspec

KeptEventId = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]
"""An id as senders give it, or one made of it: with an order's type before it, or a mark of who sent it."""
Quantity = Annotated[float, msgspec.Meta(gt=0, le=1e7)]
Revision = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]

MAX_LINES = 500  # of an order
MAX_DEPTH = 32  # of JSON
MAX_EVENT_BYTES = 128_000  # of JSON
MOST_POINTS = 1e9  # of one `loyalty` event
LARGEST_ORDER = 1e8  # in the shop's currency, some of which have large numbers


def is_deep(value: Any) -> bool:
    """Whether decoded JSON is nested deeper than MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


def are_points(value: Any) -> bool:
    """Whether it is a number of points that a `loyalty` event may add, or, below 0, redeem."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < abs(value) <= MOST_POINTS
