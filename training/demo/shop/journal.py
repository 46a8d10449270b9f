"""Collects the events of the simulation, and writes them in the order of time."""

import gzip
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from features.events.vocabulary import Event, EventContext, EventType
from features.time_units import DAY_S
from training.demo.shop.season import Calendar
from training.demo.shop.trials import TRIALS_SINCE, AnsweredVisit, answer_id, placement_clicked, placement_of


@dataclass(slots=True)
class Visit:
    """A visit of a shopper. day: the time of its last event, in days since the start."""

    day: float
    customer_id: str | None
    anonymous_id: str | None
    session_id: str | None
    context: EventContext | None


class Journal:
    """All events of the shop. Nothing after the history's end is kept."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._encode = msgspec.json.Encoder().encode
        self._seconds: list[int] = []  # since the history's start, one an event
        self._lines: list[bytes] = []
        self.counts: Counter[str] = Counter()
        self.answered: dict[str, AnsweredVisit] = {}  # by session, since the trials began
        self._sessions = 0

    def next_session(self) -> str:
        self._sessions += 1
        return f"s-{self._sessions:06d}"

    def note(self, kind: EventType, visit: Visit, **details: Any) -> None:
        """Add one event at the visit's time. details: further fields of `Event`."""
        second = round(visit.day * DAY_S)
        timestamp = self._calendar.start + timedelta(seconds=second)
        if timestamp > self._calendar.now:
            return
        if visit.session_id and visit.day > TRIALS_SINCE:
            details |= self._named(kind, visit, visit.session_id, second, details)
        event = Event(
            type=kind,
            event_id=f"e-{len(self._lines) + 1:06d}",
            timestamp=timestamp,
            customer_id=visit.customer_id,
            anonymous_id=visit.anonymous_id,
            session_id=visit.session_id,
            context=visit.context,
            **details,
        )
        self._seconds.append(second)
        self._lines.append(self._encode(event))
        self.counts[kind] += 1

    def _named(
        self, kind: EventType, visit: Visit, session_id: str, second: int, details: dict[str, Any]
    ) -> dict[str, str]:
        """The answer that an event names, if any, which then showed its product."""
        first = AnsweredVisit(second, visit.customer_id, visit.anonymous_id, session_id, {})
        answered = self.answered.setdefault(session_id, first)
        for item in details["order"].items if kind == "purchase" else ():
            if item.recommendation_id:
                answered.named.setdefault(placement_of(item.recommendation_id), []).append(item.product_id)
        if kind not in ("view", "add_to_cart"):
            return {}
        visitor, product = str(answered.customer_id or answered.anonymous_id), details["product_id"]
        placement = placement_clicked(visitor, session_id, product)
        if placement is None:
            return {}
        answered.named.setdefault(placement, []).append(product)
        return {"recommendation_id": answer_id(placement, session_id)}

    def write(self, path: Path) -> None:
        """One JSON object a line, gzipped, by time; no date in the header, so a seed fixes every byte."""
        order = np.argsort(self._seconds, kind="stable").tolist()
        with path.open("wb") as file, gzip.GzipFile("", "wb", 4, file, mtime=0) as lines:
            for start in range(0, len(order), 5_000):
                lines.write(b"".join(self._lines[number] + b"\n" for number in order[start : start + 5_000]))
