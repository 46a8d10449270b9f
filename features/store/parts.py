"""The parts that run for as long as the service does: a round that fails is said, and the next one comes.

A part's state lies in the home, `state/<part>.json`, so that `/readyz` and metrics can show those of other
processes. A file has one size and is written in place, which works on a full disk, too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from features.home import Home

logger = logging.getLogger("perennial.parts")

STATE_BYTES = 512
WRITTEN_EVERY_S = 5.0  # while nothing changes
PROBLEM_LENGTH = 200
LATE_ROUNDS = 10.0


class PartState(msgspec.Struct, frozen=True, omit_defaults=True):
    """at: of its last round (ISO 8601 UTC). failing: rounds failed in a row; failures: since its start.
    every_s: how often a round ends while all is well; 0: nobody knows."""

    at: str = ""
    failing: int = 0
    failures: int = 0
    problem: str | None = None
    every_s: float = 0.0

    def seen(self, now: datetime) -> PartState:
        """As it is, or failing where it hangs or has ended: no round has ended for far too long."""
        if not self.every_s or self.failing:
            return self
        silent_s = (now - datetime.fromisoformat(self.at)).total_seconds()
        if silent_s <= LATE_ROUNDS * self.every_s:
            return self
        return replace(self, failing=1, problem=f"nothing heard of it since {self.at}")


class Part:
    """One part. home: where its state is written; None: in memory alone. every_s: as in `PartState`."""

    def __init__(self, name: str, home: Home | None = None, every_s: float = 0.0) -> None:
        self.name = name
        self.state = PartState(_now(), every_s=every_s)
        self._is_said = False  # in the log, that it fails
        self._file = home.state / f"{name}.json" if home else None
        self._written_at = time.monotonic() - WRITTEN_EVERY_S
        self._write()  # now that there is room for it

    @contextmanager
    def round(self, *expected: type[Exception]) -> Iterator[None]:
        """One round: what it raises ends here, in the state and the log; `expected` in the state alone."""
        try:
            yield
        except Exception as error:
            self.failed(_plain(error), error if not isinstance(error, expected) else None)
        else:
            self.works()

    def failed(self, problem: str, error: Exception | None = None) -> None:
        """Note a failure. Logged where there is an `error` and it is another problem than last time."""
        if error is not None and problem != self.state.problem:
            logger.error("%s fails and is tried again: %s", self.name, problem, exc_info=error)
            self._is_said = True
        before = self.state
        self._change(
            PartState(_now(), before.failing + 1, before.failures + 1, problem, every_s=before.every_s)
        )

    def works(self) -> None:
        """Note that all is well."""
        if self._is_said:
            logger.warning("%s works again", self.name)
            self._is_said = False
        self._change(PartState(_now(), failures=self.state.failures, every_s=self.state.every_s))

    def _change(self, state: PartState) -> None:
        is_news = (state.problem, state.failures) != (self.state.problem, self.state.failures)
        self.state = state
        if self._file and (is_news or time.monotonic() - self._written_at >= WRITTEN_EVERY_S):
            self._written_at = time.monotonic()
            self._write()

    def _write(self) -> None:
        if self._file:
            with suppress(OSError):
                _write(self._file, self.state)


def forget_parts(home: Home) -> None:
    """Let the states of a service that ran before not be taken for those of one that starts."""
    for path in home.state.glob("*.json"):
        path.unlink(missing_ok=True)


def part_states(home: Home, now: datetime) -> dict[str, PartState]:
    """The states of all parts of this home that run outside this process, or should."""
    states = {path.stem: _read(path) for path in sorted(home.state.glob("*.json"))}
    return {name: state.seen(now) for name, state in states.items() if state}


def _write(path: Path, state: PartState) -> None:
    line = msgspec.json.encode(state).ljust(STATE_BYTES - 1)[: STATE_BYTES - 1] + b"\n"
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(line)


def _read(path: Path) -> PartState | None:
    """None where it is being written."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(path.read_bytes(), type=PartState)
    return None


def _plain(error: Exception) -> str:
    """What is said of it to anybody: no text that may hold an id, but of the system's own errors."""
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}: {reason}"[:PROBLEM_LENGTH] if reason else type(error).__name__


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
