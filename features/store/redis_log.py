"""The append-only log of the embedded Redis as files: which version wrote it, and forcing it to the disk.

Redis up to 6.2 writes `appendonly.aof`, Redis 7 and newer several files inside `appendonlydir/`, which its
manifest names. Either one starts empty, without a word, over the other's log; but 7 takes over a log of 6.2
where it finds none of its own.
"""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from features.store.files import sync, write_whole

ONE_FILE = "appendonly.aof"
PARTS = "appendonlydir"
MANIFEST = "appendonly.aof.manifest"
VERSION_FILE = "version"
UNKNOWN, FIRST_WITH_PARTS = (0, 0), (7, 0)
ANSWER_S = 10.0

Version = tuple[int, int]


def version_of(server: Path) -> Version:
    """Major and minor of a `redis-server`, or Valkey's. Raises OSError, ValueError where it is neither."""
    told = subprocess.run(
        [server, "--version"], capture_output=True, text=True, timeout=ANSWER_S, check=False
    ).stdout
    return _version(re.search(r"v=([\d.]+)", told))


def remember_version(folder: Path, version: Version) -> None:
    """Note who writes the log of this folder from now on."""
    write_whole(folder / VERSION_FILE, b"%d.%d\n" % version)


def why_not(folder: Path, server: Path, version: Version) -> str | None:
    """Why this server must not start over the log in the folder, and what to do; None where it may."""
    one_file, parts = folder / ONE_FILE, _parts(folder)
    if one_file.exists() and parts:
        return (
            f"{folder} holds two logs: {ONE_FILE}, which Redis 6.2 or older wrote (last at {_last(one_file)})"
            f", and {PARTS}, which Redis 7 or newer wrote (last at {_last(*parts)}). Redis would read one and"
            " forget the other: move away the one that is not wanted, and start again"
        )
    wrote = max(_remembered(folder), FIRST_WITH_PARTS)
    if not parts or version >= wrote:
        return None
    return (
        "{} was written by Redis {}.{} or newer, and {}, which is {}.{}, cannot read it. Set"
        " PERENNIAL_REDIS_SERVER to the path of the one that wrote it (`command -v redis-server` may tell) or"
        " of a newer one; to begin without live state, move the folder away".format(
            folder / PARTS, *wrote, server, *version
        )
    )


def written_files(folder: Path) -> list[Path]:
    """The files that the running server appends to; none before its first log. Raises OSError."""
    if (folder / ONE_FILE).exists():
        return [folder / ONE_FILE]
    manifest = folder / PARTS / MANIFEST
    if not manifest.exists():
        return []
    lines = manifest.read_text(encoding="utf-8").splitlines()
    return [folder / PARTS / words[1] for words in map(str.split, lines) if words[-1] == "i"]


def force_to_disk(folder: Path) -> None:
    """Everything that was written so far, and the names of new files. Raises OSError."""
    try:
        _force(folder)
    except FileNotFoundError:  # a rewrite has just put a new file in its place
        _force(folder)


def _force(folder: Path) -> None:
    files = written_files(folder)
    if not files:
        raise FileNotFoundError(f"no append-only log in {folder}")
    for path in (*files, *{file.parent for file in files}, folder):
        sync(path)


def _parts(folder: Path) -> list[Path]:
    """Without the manifest: 7 writes it first, and then moves the log of 6.2 beside it."""
    return [path for path in (folder / PARTS).glob(f"{ONE_FILE}*") if path.name != MANIFEST]


def _remembered(folder: Path) -> Version:
    try:
        return _version(re.match(r"([\d.]+)", (folder / VERSION_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return UNKNOWN


def _version(found: re.Match[str] | None) -> Version:
    if found is None:
        raise ValueError("no version is told")
    major, minor, *_ = found[1].split(".")
    return int(major), int(minor)


def _last(*paths: Path) -> str:
    changed = max(path.stat().st_mtime for path in paths)
    return f"{datetime.fromtimestamp(changed, UTC):%Y-%m-%d %H:%M} UTC"
