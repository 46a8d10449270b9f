"""Locks between processes: files locked by flock, which the kernel unlocks when their holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from features.home import Home


class HomeInUse(Exception):
    """Another process serves this home; the message says which, and what to do."""


def try_lock(path: Path) -> TextIO | None:
    """The open, locked file, or None if another process holds the lock. Release it with `unlock`."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def unlock(file: TextIO) -> None:
    """Release the lock, also for child processes that inherited the file."""
    fcntl.flock(file, fcntl.LOCK_UN)
    file.close()


@contextmanager
def serve_lock(home: Home, url: str) -> Iterator[None]:
    """Hold the lock of `perennial serve`. Raises HomeInUse if another process serves this home."""
    home.make_private()
    path = home.root / "serve.lock"
    file = try_lock(path)
    if file is None:
        process, _, its_url = path.read_text().partition(" ")
        raise HomeInUse(
            f"{home.root} is already served by process {process or '?'} at {its_url or '?'}; "
            "stop it first or use another --home"
        )
    try:
        file.truncate(0)
        file.write(f"{os.getpid()} {url}")
        file.flush()
        yield
    finally:
        unlock(file)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock; False where there is no such file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock, after waiting for it without a timeout."""
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
