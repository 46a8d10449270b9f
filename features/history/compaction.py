"""Many small files of the history become few large ones, while the service runs.

It may be killed at any moment, and no row is lost or doubled: a compact file appears whole, under the list of
what it replaces, which was written before (`table_files`). All of it happens under the archiver's lock.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl

from features.history.table_files import COMPACT, SOURCES, is_compact, sources_of, table_files
from features.home import Home
from features.store.files import make_folder, replacing, write_whole
from features.store.locks import held

MANY_FILES = 60  # of today, which are not left to tomorrow
MONTH_AFTER = timedelta(days=7)  # the end of a month; what comes later is compacted again
READERS_TIME = timedelta(days=1)  # for which a reader may hold the names of files that were replaced
ORDERS_ALONE = "orders-"
BROWSING = (
    "view",
    "impression",
    "click",
    "search",
    "add_to_cart",
    "remove_from_cart",
    "checkout",
    "wishlist",
)


@dataclass(frozen=True)
class Group:
    """Files that become one in `folder`. orders_alone: without BROWSING."""

    folder: Path
    files: Sequence[Path]
    orders_alone: bool = False

    @property
    def target(self) -> Path:
        """Named after its sources: another try writes the same file."""
        names = "\n".join(str(path.relative_to(self.folder.parent)) for path in self.files)
        digest = sha256(names.encode()).hexdigest()[:16]
        return self.folder / f"{COMPACT}{ORDERS_ALONE * self.orders_alone}{digest}.parquet"


def compact(home: Home, folder: Path, now: datetime, browsing_days: int | None = None) -> int:
    """Compact the files of a folder of days; returns how many were replaced.

    browsing_days: age in days from which BROWSING events are dropped; None: never.
    """
    replaced = 0
    with held(home.events / "archive.lock"):
        _remove_replaced(folder, now)
        groups = list(_groups(folder, now, browsing_days))
    for group in groups:
        with held(home.events / "archive.lock"):
            files = [path for path in group.files if path.exists()]
            if len(files) == len(group.files):
                _write(group)
                replaced += len(files)
    return replaced


def _groups(folder: Path, now: datetime, browsing_days: int | None) -> Iterator[Group]:
    days: dict[str, list[Path]] = {}
    months: dict[str, list[Path]] = {}
    for path in table_files(folder):
        day = path.parent.name
        is_old = _end_of_month(day) + MONTH_AFTER <= now
        (months if is_old else days).setdefault(day[:7] if is_old else day, []).append(path)
    for day, files in days.items():
        waiting = files if day < f"{now:%Y-%m-%d}" else [path for path in files if not is_compact(path)]
        if len(waiting) >= (2 if day < f"{now:%Y-%m-%d}" else MANY_FILES):
            yield Group(folder / day, waiting)
    for month, files in months.items():
        age = (now - _end_of_month(month)).days
        orders_alone = browsing_days is not None and age >= browsing_days
        is_done = len(files) == 1 and files[0].name.startswith(COMPACT + ORDERS_ALONE * orders_alone)
        if not (is_done and files[0].parent.name == month):
            yield Group(folder / month, files, orders_alone)


def _write(group: Group) -> None:
    rows = pl.scan_parquet(
        list(group.files),
        schema=_all_columns(group.files),
        missing_columns="insert",
        extra_columns="ignore",
    )
    if group.orders_alone:
        rows = rows.filter(~pl.col("type").is_in(BROWSING))
    newest = max(path.stat().st_mtime for path in group.files)
    make_folder(group.folder)
    names = [str(path.relative_to(group.folder.parent)) for path in group.files]
    write_whole(group.target.with_suffix(SOURCES), msgspec.json.encode(names))
    with replacing(group.target) as fresh:
        rows.sink_parquet(fresh)
        os.utime(fresh, (newest, newest))  # no newer than what it holds: nothing is to be trained on anew


def _all_columns(files: Sequence[Path]) -> dict[str, pl.DataType]:
    """Those of the newest file first, and whatever others have besides."""
    columns: dict[str, pl.DataType] = {}
    for path in reversed(files):
        columns = columns | {
            name: kind for name, kind in pl.read_parquet_schema(path).items() if name not in columns
        }
    return columns


def _remove_replaced(folder: Path, now: datetime) -> None:
    """Remove what was replaced long enough ago, then its list; and lists whose file never came.

    Oldest first: a compact file that was replaced in turn outlives its own sources.
    """
    listings = sorted(folder.glob(f"*/*{SOURCES}"), key=_written_at)
    for listing in (each for each in listings if each.exists()):
        compact, age = listing.with_suffix(".parquet"), now - _written_at(listing)
        if not compact.exists():
            listing.unlink()
        elif age > 2 * READERS_TIME:
            _remove(sources_of(compact))
            listing.unlink()
        elif age > READERS_TIME:
            _remove(sources_of(compact))


def _remove(files: Sequence[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
        path.with_suffix(SOURCES).unlink(missing_ok=True)
        with suppress(OSError):  # other files are in it
            path.parent.rmdir()


def _written_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _end_of_month(day: str) -> datetime:
    """day: the name of a folder, of a day or a month; another name counts as of today."""
    try:
        begin = date.fromisoformat(f"{day[:7]}-01")
    except ValueError:
        begin = datetime.now(UTC).date()
    later = begin.replace(day=28) + timedelta(days=4)
    return datetime(later.year, later.month, 1, tzinfo=UTC)
