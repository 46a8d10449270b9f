"""The parquet files of the history, of impressions and of decisions: a folder a day, later one a month.

Compaction writes the rows of many files to one, and names them in a list beside it. From the moment that the
one is there its sources do not count; they are removed later, since a reader may still hold their names.
"""

from pathlib import Path

import msgspec

from features.store.files import read_whole

COMPACT = "compact-"
SOURCES = ".sources"


def table_files(folder: Path) -> list[Path]:
    """The files that hold each row once, in the sequence in which rows arrived."""
    found = sorted(folder.glob("*/*.parquet"))
    replaced = {source for path in found if is_compact(path) for source in sources_of(path)}
    return [path for path in found if path not in replaced]


def is_compact(path: Path) -> bool:
    """Whether compaction wrote it."""
    return path.name.startswith(COMPACT)


def sources_of(compact: Path) -> list[Path]:
    """The files whose rows it took over; none once these are removed.

    None, too, of a damaged list: an event that is then found twice counts once.
    """
    content = read_whole(compact.with_suffix(SOURCES))
    try:
        names = msgspec.json.decode(content or b"[]", type=list[str])
    except msgspec.DecodeError:
        names = []
    return [compact.parents[1] / name for name in names]
