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
from training.demo.shop.trials import TRIALS_SINCE, AnsweredVisit


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
        if visit.session_id and visit.day > TRIALS_SINCE and visit.session_id not in self.answered:
            answered = AnsweredVisit(second, visit.customer_id, visit.anonymous_id, visit.session_id)
            self.answered[visit.session_id] = answered
        self._seconds.append(second)
        self._lines.append(self._encode(event))
        self.counts[kind] += 1

    def write(self, path: Path) -> None:
        """One JSON object a line, gzipped, by time; no date in the header, so a seed fixes every byte."""
        order = np.argsort(self._seconds, kind="stable").tolist()
        with path.open("wb") as file, gzip.GzipFile("", "wb", 4, file, mtime=0) as lines:
            for start in range(0, len(order), 5_000):
                lines.write(b"".join(self._lines[number] + b"\n" for number in order[start : start + 5_000]))
