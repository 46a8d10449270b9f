"""What is old enough is removed: by age, from the folders of days and months."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from features.home import Home

logger = logging.getLogger(__name__)

UNDATED = ("reports/rejects-*", "poison/*.jsonl", "poison/*/*/*.*")  # no folder dates them
PARTIAL_LIFE = timedelta(days=1)  # of a file that was being written when its writer was killed


def remove_old_records(home: Home, now: datetime, days: int) -> int:
    """Remove what was shown, decided, rejected or set aside longer ago; returns how many files went."""
    since = now - timedelta(days=days)
    first = f"{since:%Y-%m-%d}"
    old = [
        path
        for folder in (home.served, home.decisions)
        for path in folder.glob("*/*")
        if path.parent.name < first[: len(path.parent.name)] and path.parent.name[:1].isdigit()
    ]
    old += [path for pattern in UNDATED for path in home.root.glob(pattern) if _changed(path) < since]
    for path in old:
        path.unlink(missing_ok=True)
        with suppress(OSError):  # others are in it
            path.parent.rmdir()
    if old:
        logger.info("removed %d files of records older than %d days", len(old), days)
    return len(old)


def remove_partial_files(home: Home, now: datetime) -> int:
    """Remove files that their writers, killed, left half written; returns how many."""
    left = [path for path in home.root.rglob(".*.partial") if now - _changed(path) > PARTIAL_LIFE]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
