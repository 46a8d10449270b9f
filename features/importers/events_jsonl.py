"""Events as JSON lines, one object a line: as `POST /v1/events` takes them, or in another's form."""

from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import polars as pl

from features.connections.foreign_events import says_nothing, translated
from features.events.vocabulary import Event, InvalidEvent, parse_event, read_event
from features.history.event_rows import event_rows
from features.importers.lines import LINE_COLUMNS, completed
from features.importers.order_numbers import SAME_MOMENT
from features.importers.reasons import RejectReason
from features.importers.table import JSON_LINE, FileTable
from features.importers.values import TIME
from features.live.ingest import order_number
from features.people.contacts import has_contact, set_apart
from features.progress import Report

STEP = 20_000
TYPES = dict.fromkeys(("quantity", "unit_price", "discount"), pl.Float64()) | {"timestamp": TIME}
LINE_SCHEMA = {"row": pl.UInt32()} | {name: TYPES.get(name, pl.String()) for name in LINE_COLUMNS}


class Earlier:
    """The events of a file so far."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._orders: dict[str, list[Event]] = {}

    def has(self, event: Event) -> bool:
        """Whether an earlier event is this one; if not, it is among them from now on.

        An order event is known by its number, and is the same with the customer and the moment or the lines.
        """
        number = order_number(event)
        if number is None:
            repeated = event.event_id in self._ids
            self._ids.add(event.event_id)
            return repeated
        same_number = self._orders.setdefault(f"{event.type}:{number}", [])
        repeated = any(_is_same_order(event, each) for each in same_number)
        if not repeated:
            same_number.append(event)
        return repeated


def _is_same_order(one: Event, other: Event) -> bool:
    customers = {one.customer_id, other.customer_id} - {None}
    moment = abs(one.timestamp - other.timestamp) <= SAME_MOMENT
    return len(customers) < 2 and (moment or one.lines == other.lines)


def jsonl_lines(table: FileTable, received_at: datetime, report: Report) -> pl.DataFrame:
    """Lines of a table of JSON texts: a line per order item, one for any other event.

    Of events that share an id, and of words about one order, the first is taken.
    """
    texts, earlier = table.cells[JSON_LINE], Earlier()
    frames = []
    for start in range(0, len(texts), STEP):
        report("checking", start, len(texts))
        numbered = enumerate(texts[start : start + STEP], start)
        lines = [line for row, text in numbered for line in _lines_of(row, text, received_at, earlier)]
        frames.append(pl.DataFrame(lines, schema=LINE_SCHEMA))
    return completed(pl.concat(frames))


def _lines_of(row: int, text: str, received_at: datetime, earlier: Earlier) -> list[dict[str, Any]]:
    content = sha256(text.encode()).hexdigest()[:32]
    try:
        return _new_lines(row, read_event(text, received_at, lambda: content), received_at, earlier)
    except InvalidEvent as error:
        return _foreign_lines(row, text, received_at, earlier) or [_rejected(row, str(error))]
    except (msgspec.DecodeError, RecursionError) as error:
        return [_rejected(row, f"not JSON: {error}")]


def _foreign_lines(row: int, text: str, received_at: datetime, earlier: Earlier) -> list[dict[str, Any]]:
    """Lines of an event in another's form, or why there are none; no line where the form is not known."""
    theirs = msgspec.json.decode(text)
    if not isinstance(theirs, dict):
        return []
    lines: list[dict[str, Any]] = []
    content = sha256(msgspec.json.encode(theirs, order="deterministic")).hexdigest()[:32]
    try:
        for number, (ours, titles) in enumerate(translated(theirs)):
            event = parse_event(ours, received_at, f"{content}:{number}" if number else content)
            lines += [
                line | {"title": titles.get(line.get("product_id") or "")}
                for line in _new_lines(row, event, received_at, earlier)
            ]
    except InvalidEvent as error:
        return [_rejected(row, str(error))]
    if not lines and says_nothing(theirs):
        return [{"row": row, "reason": RejectReason.OTHER_EVENT.value}]
    return lines


def _rejected(row: int, why: str) -> dict[str, Any]:
    return {"row": row, "reason": RejectReason.INVALID_EVENT.value, "detail": why}


def _new_lines(row: int, event: Event, received_at: datetime, earlier: Earlier) -> list[dict[str, Any]]:
    event, address, number = set_apart(event) if has_contact(event) else (event, None, None)
    lines = event_rows(event, received_at)
    if earlier.has(event):
        return [{"row": row, "reason": RejectReason.REPEATED.value}]
    for line in lines:
        line |= {
            "email": address,
            "phone": number,
            "row": row,
            "quantity": line["quantity"] or event.quantity,
        }
    return lines
