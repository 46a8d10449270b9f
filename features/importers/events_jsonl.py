"""Our own events as JSON lines: the vocabulary of `POST /v1/events`, one object a line."""

from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import polars as pl

from features.events.vocabulary import InvalidEvent, read_event
from features.history.event_rows import event_rows
from features.importers.lines import LINE_COLUMNS, completed
from features.importers.reasons import RejectReason
from features.importers.table import JSON_LINE, FileTable
from features.importers.values import TIME
from features.live.ingest import order_number
from features.people.contacts import has_contact, set_apart
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
    try:
        event = read_event(text, received_at, lambda: sha256(text.encode()).hexdigest()[:32])
    except InvalidEvent as error:
        return [{"row": row, "reason": RejectReason.INVALID_EVENT.value, "detail": str(error)}]
    except (msgspec.DecodeError, RecursionError) as error:
        return [{"row": row, "reason": RejectReason.INVALID_EVENT.value, "detail": f"not JSON: {error}"}]
    event, address, number = set_apart(event) if has_contact(event) else (event, None, None)
    lines = event_rows(event, received_at)
    number = order_number(event)
    ids = {event.event_id, f"{event.type}:{number}"} if number else {event.event_id}
    if ids & earlier_ids:
        return [{"row": row, "reason": RejectReason.REPEATED.value}]
    earlier_ids |= ids
    for line in lines:
        line |= {
            "email": address,
            "phone": number,
            "row": row,
            "quantity": line["quantity"] or event.quantity,
        }
    return lines
