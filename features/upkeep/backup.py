"""A copy of a whole home in one file, taken while it is served.

A tar file, lightly compressed: first Redis's log as far as it was written, then all other files, at last a
manifest with a checksum of each. What moves from the log into the history meanwhile is in both, and counts
once.
"""

import gzip
import hashlib
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

import msgspec

from features.home import Home
from features.store.locks import held
from features.store.redis_log import LOG_FOLDER, ONE_FILE, VERSION_FILE

MANIFEST = "backup.json"
SCHEMA = 1
LEVEL = 1  # parquet and arrays hardly shrink further
ATTEMPTS = 5
PATIENCE_S = 30.0


class SavedFile(msgspec.Struct, frozen=True):
    """size: bytes."""

    size: int
    sha256: str


class BackupManifest(msgspec.Struct, frozen=True):
    """What a backup holds: path in the home -> file. live: whether Redis's log is among them."""

    created_at: str
    live: bool
    files: dict[str, SavedFile]
    schema: int = SCHEMA


class BackedUp(NamedTuple):
    """bytes: of the files, before compression; live: with Redis's log."""

    files: int
    bytes: int
    live: bool

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()

    def lines(self) -> Iterator[tuple[str, str]]:
        yield "Files", f"{self.files:,}, {self.bytes / 1e6:,.1f} MB"
        if not self.live:
            yield "Please note", "Redis is one of your own, and not in this file: back it up as well"
        yield "Please note", "it holds personal data and hashes of keys: encrypt it, and delete it in time"


def back_up(home: Home, target: BinaryIO, now: datetime, *, live: bool = True) -> BackedUp:
    """Write a copy of the home. live: Redis is embedded, so that its log belongs to it. Raises OSError."""
    files: dict[str, SavedFile] = {}
    with (
        held(home.root / "erase.lock"),  # what is being erased is whole or gone
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=LEVEL, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        if live:
            _add_log(tar, home, files)
        for path in _others(home.root):
            name = path.relative_to(home.root).as_posix()
            try:
                with _opened(path) as file:
                    files[name] = _add(tar, name, file)
            except FileNotFoundError:  # replaced or removed since it was listed
                continue
        manifest = BackupManifest(now.isoformat(), live, files)
        _add(tar, MANIFEST, BytesIO(msgspec.json.encode(manifest)))
    return BackedUp(len(files), sum(file.size for file in files.values()), live)


def _others(root: Path) -> list[Path]:
    """Files but Redis's, locks and what is half written; `current` before the models that it may name."""
    paths = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    wanted = [
        path
        for path in paths
        if path.suffix not in {".lock", ".partial", ".sqlite-journal"}
        and path.relative_to(root).parts[0] != "redis"
    ]
    return sorted(wanted, key=lambda path: (path.name != "current", path))


def _opened(path: Path) -> IO[bytes]:
    """Raises FileNotFoundError. Of a database what was committed, whatever is being written to it."""
    file = path.open("rb")
    if path.suffix != ".sqlite":
        return file
    with file, closing(sqlite3.connect(path, timeout=PATIENCE_S)) as database:
        return BytesIO(database.serialize())


def _add_log(tar: tarfile.TarFile, home: Home, files: dict[str, SavedFile]) -> None:
    """Redis only appends to its log or replaces whole files, so that open files have one state of it."""
    with ExitStack() as opened:
        for name, file in _open_log(home.redis, opened).items():
            files[name] = _add(tar, name, file)


def _open_log(folder: Path, opened: ExitStack) -> dict[str, BinaryIO]:
    for _ in range(ATTEMPTS):
        names = _log_files(folder)
        try:
            files: dict[str, BinaryIO] = {
                f"redis/{name}": opened.enter_context((folder / name).open("rb")) for name in names
            }
        except FileNotFoundError:
            continue
        if names == _log_files(folder):
            return files
    raise OSError(f"Redis rewrites its log in {folder} all the time: try again later")


def _log_files(folder: Path) -> list[str]:
    paths = [folder / VERSION_FILE, folder / ONE_FILE, *sorted((folder / LOG_FOLDER).glob("*"))]
    return [path.relative_to(folder).as_posix() for path in paths if path.is_file()]


class _Hashed:
    """A file whose bytes are hashed as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        return content


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> SavedFile:
    """As much as the file holds now."""
    entry = tarfile.TarInfo(name)
    entry.size = len(file.getbuffer()) if isinstance(file, BytesIO) else os.fstat(file.fileno()).st_size
    entry.mode = 0o600
    hashed = _Hashed(file)
    tar.addfile(entry, hashed)
    return SavedFile(entry.size, hashed.digest.hexdigest())
