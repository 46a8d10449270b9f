"""Events as JSON lines, one object a line: as `POST /v1/events` takes them, or in another's form."""

from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import polars as pl

from features.events.vocabulary import Event, InvalidEvent, parse_event, read_event
from features.history.event_rows import event_rows
from features.importers.lines import LINE_COLUMNS, completed
from features.importers.platforms.foreign_events import says_nothing, translated
from features.importers.reasons import RejectReason
from features.importers.table import JSON_LINE, FileTable
from features.importers.values import TIME
from features.live.ingest import order_number
from features.progress import Report

STEP = 20_000
TYPES = dict.fromkeys(("quantity", "unit_price", "discount"), pl.Float64()) | {"timestamp": TIME}
LINE_SCHEMA = {"row": pl.UInt32()} | {name: TYPES.get(name, pl.String()) for name in LINE_COLUMNS}


def jsonl_lines(table: FileTable, received_at: datetime, report: Report) -> pl.DataFrame:
    """Lines of a table of JSON texts: a line per order item, one for any other event.

    Of events that share an id, and of orders that share a number, the first is taken.
    """
    texts, earlier_ids = table.cells[JSON_LINE], set[str]()
    frames = []
    for start in range(0, len(texts), STEP):
        report("checking", start, len(texts))
        numbered = enumerate(texts[start : start + STEP], start)
        lines = [line for row, text in numbered for line in _lines_of(row, text, received_at, earlier_ids)]
        frames.append(pl.DataFrame(lines, schema=LINE_SCHEMA))
    return completed(pl.concat(frames))


def _lines_of(row: int, text: str, received_at: datetime, earlier_ids: set[str]) -> list[dict[str, Any]]:
    content = sha256(text.encode()).hexdigest()[:32]
    try:
        return _new_lines(row, read_event(text, received_at, lambda: content), received_at, earlier_ids)
    except InvalidEvent as error:
        return _foreign_lines(row, text, received_at, earlier_ids) or [_rejected(row, str(error))]
    except (msgspec.DecodeError, RecursionError) as error:
        return [_rejected(row, f"not JSON: {error}")]


def _foreign_lines(row: int, text: str, received_at: datetime, earlier_ids: set[str]) -> list[dict[str, Any]]:
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
                for line in _new_lines(row, event, received_at, earlier_ids)
            ]
    except (InvalidEvent, ValueError, TypeError, AttributeError, KeyError) as error:
        return [_rejected(row, str(error))]
    if not lines and says_nothing(theirs):
        return [{"row": row, "reason": RejectReason.OTHER_EVENT.value}]
    return lines


def _rejected(row: int, why: str) -> dict[str, Any]:
    return {"row": row, "reason": RejectReason.INVALID_EVENT.value, "detail": why}


def _new_lines(row: int, event: Event, received_at: datetime, earlier_ids: set[str]) -> list[dict[str, Any]]:
    lines = event_rows(event, received_at)
    number = order_number(event)
    ids = {event.event_id, f"{event.type}:{number}"} if number else {event.event_id}
    if ids & earlier_ids:
        return [{"row": row, "reason": RejectReason.REPEATED.value}]
    earlier_ids |= ids
    for line in lines:
        line |= {"row": row, "quantity": line["quantity"] or event.quantity}
    return lines
