"""Builders of test data: give the fields that matter to the test, the others have defaults."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from features.events.vocabulary import Event, parse_event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_numbers = count(1)


def event(type: str = "view", *, at: datetime = NOW, order_id: str | None = None, **fields: Any) -> Event:
    """A valid event of its own id. `items` are (product_id, quantity, unit_price) of the order."""
    number = next(_numbers)
    raw = {"type": type, "timestamp": at.isoformat(), "event_id": f"e-{number}", **fields}
    items = raw.pop("items", [("p-1", 1, 10.0)] if type == "purchase" else [])
    if "order" not in raw and (order_id is not None or type in {"purchase", "refund", "cancel"}):
        names = ("product_id", "quantity", "unit_price")
        lines = [dict(zip(names, item, strict=False)) for item in items]
        raw["order"] = {"order_id": order_id or f"o-{number}", "items": lines}
    if type in {"view", "click", "add_to_cart", "remove_from_cart", "review", "wishlist"}:
        raw.setdefault("product_id", "p-1")
    return parse_event(raw, at, f"e-{number}")
