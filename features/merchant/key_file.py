"""keys.json of a home: written completely or not at all, even in a power cut; only its owner can read it."""

from __future__ import annotations

import os
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from features.home import Home
from features.store.locks import held

Stamp = tuple[int, int, int]


def lock(home: Home) -> AbstractContextManager[None]:
    """A lock to hold from reading to writing, so that no change is lost."""
    home.root.mkdir(parents=True, exist_ok=True)
    return held(home.root / "keys.lock")


def stamp(home: Home) -> Stamp | None:
    """Inode, time and size, which differ after each write; None if there is no file. Raises OSError."""
    try:
        status = _path(home).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_file(home: Home) -> bytes | None:
    """The file's content; None if there is no file. Raises OSError."""
    try:
        return _path(home).read_bytes()
    except FileNotFoundError:
        return None


def write_file(home: Home, content: bytes) -> None:
    """Replace the file's content. Raises OSError, and the old content stays."""
    descriptor, name = tempfile.mkstemp(dir=home.root, prefix="keys.", suffix=".partial")  # mode 0600
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        partial.replace(_path(home))
    except BaseException:
        partial.unlink()
        raise
    folder = os.open(home.root, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _path(home: Home) -> Path:
    return home.root / "keys.json"
