"""Files of the home: whole or not there, even after a power cut, and changed by one process at a time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from features.store.locks import held
from features.time_units import HOUR_S


@contextmanager
def replacing(path: Path, mode: int = 0o600) -> Iterator[Path]:
    """A new file to write to; it takes the place of `path` at the end, or vanishes if anything is raised.

    mode: of the new file, less the umask. Raises OSError; the old content stands then.
    """
    make_folder(path.parent)
    fresh = path.with_name(f".{uuid4().hex}.partial")
    try:
        fresh.touch(mode, exist_ok=False)
        yield fresh
        sync(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync(path.parent)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left below the folder: new files older than an hour."""
    for fresh in folder.rglob(".*.partial"):
        with suppress(FileNotFoundError):
            if time.time() - fresh.stat().st_mtime > HOUR_S:
                fresh.unlink()


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Let the file hold this and nothing else, as `replacing` does."""
    with replacing(path, mode) as fresh:
        fresh.write_bytes(content)


def read_whole(path: Path) -> bytes | None:
    """None where there is no such file. Raises OSError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


Stamp = tuple[int, int, int]


def stamp_of(path: Path) -> Stamp | None:
    """Inode, time and size, which differ after each write; None if there is no file. Raises OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """To be held from reading a file to writing it, so that no other process's change is lost."""
    make_folder(path.parent)
    with held(path.with_suffix(".lock")):
        yield


def make_folder(folder: Path) -> None:
    """Make it and those above it, their names on the disk. A folder that is there stays as it is."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def sync(path: Path) -> None:
    """Force a file's content, or the names in a folder, to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
