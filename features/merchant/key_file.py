"""keys.json of a home: changed by one process at a time; only its owner can read it."""

from contextlib import AbstractContextManager
from pathlib import Path

from features.home import Home
from features.store.files import Stamp, changing, read_whole, stamp_of, write_whole


def lock(home: Home) -> AbstractContextManager[None]:
    """A lock to hold from reading to writing, so that no change is lost."""
    return changing(_path(home))


def stamp(home: Home) -> Stamp | None:
    """As `stamp_of` the file. Raises OSError."""
    return stamp_of(_path(home))


def read_file(home: Home) -> bytes | None:
    """The file's content; None if there is no file. Raises OSError."""
    return read_whole(_path(home))


def write_file(home: Home, content: bytes) -> None:
    """Replace the file's content. Raises OSError, and the old content stays."""
    write_whole(_path(home), content, mode=0o600)


def _path(home: Home) -> Path:
    return home.root / "keys.json"
