"""The files of the embedded Redis' append-only log: the version that wrote them, and syncing them to disk.

Redis up to 6.2 writes `appendonly.aof`, Redis 7 and newer several files inside `appendonlydir/`, listed in
its manifest. Either one silently starts empty when it finds only the other's log, except that 7 takes over
a log of 6.2 if it has none of its own.
"""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from features.store.files import sync, write_whole

ONE_FILE = "appendonly.aof"
LOG_FOLDER = "appendonlydir"
LOG_MANIFEST = "appendonly.aof.manifest"
VERSION_FILE = "version"
UNKNOWN_VERSION, FIRST_WITH_PARTS = (0, 0), (7, 0)
RESPONSE_TIMEOUT_S = 10.0

Version = tuple[int, int]


def version_of(server: Path) -> Version:
    """Major and minor version of a `redis-server` of Redis or Valkey. Raises OSError, ValueError."""
    output = subprocess.run(
        [server, "--version"], capture_output=True, text=True, timeout=RESPONSE_TIMEOUT_S, check=False
    ).stdout
    return _version(re.search(r"v=([\d.]+)", output))


def record_version(folder: Path, version: Version) -> None:
    """Record the version that writes this folder's log from now on."""
    write_whole(folder / VERSION_FILE, b"%d.%d\n" % version)


def start_problem(folder: Path, server: Path, version: Version) -> str | None:
    """Why this server must not start with the folder's log, and what to do; None if it may."""
    single, parts = folder / ONE_FILE, _parts(folder)
    if single.exists() and parts:
        return (
            f"{folder} holds two logs: {ONE_FILE}, which Redis 6.2 or older wrote (last at {_mtime(single)})"
            f", and {LOG_FOLDER}, which Redis 7 or newer wrote (last at {_mtime(*parts)}). Redis would read"
            " one and forget the other: move away the one that is not wanted, and start again"
        )
    wrote = max(_recorded_version(folder), FIRST_WITH_PARTS)
    if not parts or version >= wrote:
        return None
    return (
        "{} was written by Redis {}.{} or newer, and {}, which is {}.{}, cannot read it. Set"
        " PERENNIAL_REDIS_SERVER to the path of the one that wrote it (`command -v redis-server` may tell) or"
        " of a newer one; to begin without live state, move the folder away".format(
            folder / LOG_FOLDER, *wrote, server, *version
        )
    )


def written_files(folder: Path) -> list[Path]:
    """The files that the running server appends to; none before its first log. Raises OSError."""
    if (folder / ONE_FILE).exists():
        return [folder / ONE_FILE]
    manifest = folder / LOG_FOLDER / LOG_MANIFEST
    if not manifest.exists():
        return []
    lines = manifest.read_text(encoding="utf-8").splitlines()
    return [folder / LOG_FOLDER / words[1] for words in map(str.split, lines) if words[-1] == "i"]


def sync_to_disk(folder: Path) -> None:
    """Sync everything written so far, and the names of new files. Raises OSError."""
    try:
        _sync_files(folder)
    except FileNotFoundError:  # Redis' log rewrite has just replaced a file
        _sync_files(folder)


def _sync_files(folder: Path) -> None:
    files = written_files(folder)
    if not files:
        raise FileNotFoundError(f"no append-only log in {folder}")
    for path in (*files, *{file.parent for file in files}, folder):
        sync(path)


def _parts(folder: Path) -> list[Path]:
    """Log files of Redis 7, without the manifest, which 7 writes before it takes over a log of 6.2."""
    return [path for path in (folder / LOG_FOLDER).glob(f"{ONE_FILE}*") if path.name != LOG_MANIFEST]


def _recorded_version(folder: Path) -> Version:
    try:
        return _version(re.match(r"([\d.]+)", (folder / VERSION_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return UNKNOWN_VERSION


def _version(match: re.Match[str] | None) -> Version:
    if match is None:
        raise ValueError("no version in the output")
    major, minor, *_ = match[1].split(".")
    return int(major), int(minor)


def _mtime(*paths: Path) -> str:
    changed = max(path.stat().st_mtime for path in paths)
    return f"{datetime.fromtimestamp(changed, UTC):%Y-%m-%d %H:%M} UTC"
