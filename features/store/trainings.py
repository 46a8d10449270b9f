"""Trainings of a home: what was asked for, what runs, and how the last one ended; files beside the models.

One training runs at a time, and holds a lock while it does: one that was killed is seen to have ended.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from features.home import Home
from features.store.files import read_whole, write_whole
from features.store.locks import held, try_lock, unlock

ASKED, LAST, LOCK = "training_asked.json", "training.json", "training.lock"
WRITTEN_EVERY_S = 1.0  # while one step goes on
Shape = TypeVar("Shape")


class AskedTraining(msgspec.Struct, frozen=True):
    """by: who asked, where it is known."""

    at: datetime
    by: str | None = None


class LastTraining(msgspec.Struct, frozen=True):
    """stage: its step, of which `done` of `total` is done (0: unknown). Then, ended: version and whether it
    was published; reasons: why it was refused; problem: why there is no version."""

    began_at: datetime
    stage: str = ""
    done: int = 0
    total: int = 0
    ended_at: datetime | None = None
    version: str | None = None
    published: bool = False
    reasons: tuple[str, ...] = ()
    problem: str | None = None


def ask_training(home: Home, now: datetime, by: str | None) -> None:
    """Let the worker train as soon as it can. Raises OSError."""
    write_whole(home.models / ASKED, msgspec.json.encode(AskedTraining(now, by)))


def asked_training(home: Home) -> AskedTraining | None:
    """What was asked for and has not begun; None: nothing. Raises OSError."""
    return _read(home.models / ASKED, AskedTraining)


def forget_asked(home: Home) -> None:
    """What was asked for was tried. Raises OSError."""
    (home.models / ASKED).unlink(missing_ok=True)


def last_training(home: Home) -> LastTraining | None:
    """The running training, or the last one; None before the first. Raises OSError."""
    return _read(home.models / LAST, LastTraining)


def is_training(home: Home) -> bool:
    """Whether a training runs now. Raises OSError."""
    file = try_lock(home.models / LOCK)
    if file is None:
        return True
    unlock(file)
    return False


class Noted:
    """A training whose progress and end are written down; a full disk does not end it."""

    def __init__(self, home: Home) -> None:
        self.state = LastTraining(datetime.now(UTC))
        self._path, self._written_at = home.models / LAST, 0.0
        self._write()

    def report(self, step: str, done: int, total: int) -> None:
        """A `features.progress.Report`."""
        is_news = step != self.state.stage
        self.state = msgspec.structs.replace(self.state, stage=step, done=done, total=total)
        if is_news or time.monotonic() - self._written_at >= WRITTEN_EVERY_S:
            self._write()

    def ended(self, version: str | None, reasons: tuple[str, ...] = (), problem: str | None = None) -> None:
        """version: None where there is none; it is published where nothing speaks against it."""
        self.state = msgspec.structs.replace(
            self.state,
            ended_at=datetime.now(UTC),
            version=version,
            published=version is not None and not reasons,
            reasons=reasons,
            problem=problem,
        )
        self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        with suppress(OSError):
            write_whole(self._path, msgspec.json.encode(self.state))


@contextmanager
def noted_training(home: Home) -> Iterator[Noted]:
    """The one training of this home, after waiting for another; what it raises is noted as its problem."""
    with held(home.models / LOCK):
        forget_asked(home)
        noted = Noted(home)
        try:
            yield noted
        except BaseException as error:
            noted.ended(None, problem=str(error) or type(error).__name__)
            raise


def _read(path: Path, shape: type[Shape]) -> Shape | None:
    """None where there is no file, or one that cannot be read."""
    content = read_whole(path)
    try:
        return None if content is None else msgspec.json.decode(content, type=shape)
    except msgspec.MsgspecError:
        return None
