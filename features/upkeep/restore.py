"""A home from a backup: checked whole before anything takes its place."""

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from uuid import uuid4

import msgspec

from features.home import Home
from features.store.files import make_folder, read_whole, sync, write_whole
from features.store.locks import serve_lock
from features.store.tombstones import FILE as TOMBSTONES
from features.store.tombstones import Tombstones
from features.upkeep.backup import MANIFEST, SCHEMA, BackupManifest

CHUNK = 1 << 20


class CannotRestore(Exception):
    """Nothing was changed; the message says why, and what to do."""


class Restored(NamedTuple):
    """aside: where the home of before is now; live: whether Redis's log came along."""

    created_at: str
    files: int
    live: bool
    aside: str | None

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()

    def lines(self) -> Iterator[tuple[str, str]]:
        yield "As of", self.created_at
        yield "Files", f"{self.files:,}, each as its checksum says"
        if self.aside:
            yield "The home of before", f"{self.aside}: delete it when this one is right"
        if not self.live:
            yield "Please note", "Redis was not in the backup: restore yours, or `perennial rebuild`"


def restore(home: Home, source: BinaryIO, now: datetime, *, force: bool = False) -> Restored:
    """Make the home what it was. force: one that is there is moved aside; who was erased from it stays so.

    Raises CannotRestore, HomeInUse, OSError; the home is as before then.
    """
    if _is_in_use(home.root) and not force:
        raise CannotRestore(
            f"{home.root} holds a shop. Restore into another --home, or move this one aside with --force"
        )
    make_folder(home.root.parent)
    fresh = home.root.parent / f".{uuid4().hex}.restore"
    try:
        fresh.mkdir(mode=0o700)
        manifest = _unpacked(source, fresh)
        _keep_tombstones(home.root, fresh)
        aside = _exchange(home, fresh, now)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Restored(manifest.created_at, len(manifest.files), manifest.live, str(aside) if aside else None)


def _is_in_use(root: Path) -> bool:
    return root.exists() and any(path.suffix != ".lock" for path in root.iterdir())


def _exchange(home: Home, fresh: Path, now: datetime) -> Path | None:
    """Nobody may serve the home meanwhile."""
    with ExitStack() as held:
        if not home.root.exists():
            fresh.rename(home.root)
            return None
        held.enter_context(serve_lock(home, "a restore"))
        aside = home.root.with_name(f"{home.root.name}.before-{now:%Y%m%dT%H%M%S}")
        home.root.rename(aside)
        fresh.rename(home.root)
        sync(home.root.parent)
        if _is_in_use(aside):
            return aside
        shutil.rmtree(aside)
        return None


def _unpacked(source: BinaryIO, folder: Path) -> BackupManifest:
    try:
        with gzip.GzipFile(fileobj=source) as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                tar.extractall(folder, filter="data")
            while packed.read(CHUNK):  # its checksum stands at its end
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise _damaged(str(error)) from error
    content = read_whole(folder / MANIFEST)
    if content is None:
        raise _damaged("its end is missing")
    try:
        manifest = msgspec.json.decode(content, type=BackupManifest)
    except msgspec.MsgspecError as error:
        raise _damaged(f"its manifest: {error}") from error
    if manifest.schema != SCHEMA:
        raise CannotRestore(f"Another Perennial wrote this backup (schema {manifest.schema}): install that")
    (folder / MANIFEST).unlink()
    _check(folder, manifest)
    return manifest


def _check(folder: Path, manifest: BackupManifest) -> None:
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    if different := sorted(there.keys() ^ manifest.files.keys()):
        raise _damaged(f"it has other files than it says: {different[0]}")
    for name, saved in manifest.files.items():
        with there[name].open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != saved.sha256:
                raise _damaged(name)
        sync(there[name])


def _damaged(what: str) -> CannotRestore:
    return CannotRestore(f"This is no whole backup ({what}): take another copy of it, or an earlier one")


def _keep_tombstones(before: Path, fresh: Path) -> None:
    """Whoever was erased after the backup does not come back with it. Raises CannotRestore."""
    own = read_whole(before / TOMBSTONES)
    if own is None:
        return
    erased = msgspec.json.decode(own, type=Tombstones)
    content = read_whole(fresh / TOMBSTONES)
    saved = msgspec.json.decode(content, type=Tombstones) if content else Tombstones(erased.key)
    if saved.key != erased.key:
        raise CannotRestore(
            "The backup is of another shop, and people were erased from the home that is there: restore it "
            "into another --home"
        )
    both = Tombstones(erased.key, erased.digests | saved.digests)
    write_whole(fresh / TOMBSTONES, msgspec.json.encode(both), mode=0o600)
