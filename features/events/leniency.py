"""What shops send a little otherwise than the vocabulary has it, and what it means. Pure.

Only events that do not pass as they are come here.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

IDS = ("event_id", "customer_id", "anonymous_id", "session_id", "product_id", "recommendation_id")
NUMBERS = ("quantity", "unit_price")
ORDER_MONEY = ("discount", "shipping", "tax")
NUMBER = re.compile(r"\s*([-+]?\d+)(?:[.,](\d+))?\s*\Z")
MILLISECONDS_FROM = 1e11  # as seconds this is the year 5138


def understood(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The event with ids as text, numbers as numbers, and an order of lines that can be counted.

    A line of an order with a negative price, or that takes pieces back, is a discount of the order; one of no
    pieces is left out. In a refund it is money off a piece, or a sum if no line names pieces; refunds may
    state pieces and money as negative numbers.
    """
    event = _plain(raw, IDS, NUMBERS)
    if isinstance(event.get("timestamp"), int | float) and not isinstance(event["timestamp"], bool):
        event["timestamp"] = _moment(event["timestamp"])
    if isinstance(order := event.get("order"), Mapping):
        event["order"] = _plain(order, ("order_id",), ORDER_MONEY)
        _as_positive(event["order"], ORDER_MONEY)
        if isinstance(event["order"].get("items"), list):
            _count_lines(event)
    if event.get("type") in ("refund", "cancel"):
        _as_positive(event, NUMBERS)
    return event


def _plain(fields: Mapping[str, Any], ids: tuple[str, ...], numbers: tuple[str, ...]) -> dict[str, Any]:
    plain = {name: value for name, value in fields.items() if value is not None}
    plain |= {name: _id(plain[name]) for name in ids if name in plain}
    return plain | {name: _number(plain[name]) for name in numbers if name in plain}


def _id(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value)) if math.isfinite(value) and value == int(value) else value


def _number(value: Any) -> Any:
    match = NUMBER.match(value) if isinstance(value, str) else None
    return float(f"{match[1]}.{match[2] or 0}") if match else value


def _moment(value: float) -> Any:
    seconds = value / 1000 if abs(value) >= MILLISECONDS_FROM else value
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return value


def _count_lines(event: dict[str, Any]) -> None:
    order = event["order"]
    lines = [_plain(each, IDS, NUMBERS) if isinstance(each, Mapping) else each for each in order["items"]]
    if event.get("type") in ("refund", "cancel"):
        none = all(isinstance(each, dict) and each.get("quantity") == 0 for each in lines)
        order["items"] = [_given_back(each) for each in lines]
        if none and event.get("type") == "refund":
            event["unit_price"] = sum(each.get("unit_price", 0.0) for each in order.pop("items"))
        return
    pieces = [each for each in lines if _is_piece(each)]
    off = sum(abs(each.get("quantity", 1.0) * each["unit_price"]) for each in lines if _is_off(each))
    order["items"] = pieces or lines
    if off and pieces:
        order["discount"] = order.get("discount", 0.0) + off


def _is_off(line: Any) -> bool:
    """Whether a line of an order only takes money off it."""
    return not _is_piece(line) and isinstance(line.get("unit_price"), int | float)


def _is_piece(line: Any) -> bool:
    """Whether it brings pieces, or is so wrong that it must be refused."""
    if not isinstance(line, Mapping):
        return True
    quantity, price = line.get("quantity", 1.0), line.get("unit_price", 0.0)
    if not isinstance(quantity, int | float) or not isinstance(price, int | float):
        return True
    return quantity > 0 and price >= 0


def _given_back(line: Any) -> Any:
    """A line of a refund with positive numbers; money for no piece is money off one."""
    if isinstance(line, dict):
        _as_positive(line, NUMBERS)
        if line.get("quantity") == 0:
            line["quantity"] = 1.0
    return line


def _as_positive(fields: Any, names: tuple[str, ...]) -> None:
    for name in names if isinstance(fields, dict) else ():
        if isinstance(fields.get(name), int | float):
            fields[name] = abs(fields[name])
