"""keys.json of a home: changed by one process at a time, and for its owner's eyes alone."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from features.home import Home
from features.store.files import changing, read_whole, write_whole

Stamp = tuple[int, int, int]


def lock(home: Home) -> AbstractContextManager[None]:
    """To be held from reading to writing, so that no change is lost."""
    return changing(_path(home))


def stamp(home: Home) -> Stamp | None:
    """Another one for each content; None where there is no file. Raises OSError."""
    try:
        found = _path(home).stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_file(home: Home) -> bytes | None:
    """None where there is none. Raises OSError."""
    return read_whole(_path(home))


def write_file(home: Home, content: bytes) -> None:
    """Raises OSError; the old content stands then."""
    write_whole(_path(home), content, mode=0o600)


def _path(home: Home) -> Path:
    return home.root / "keys.json"
