"""Damaged files of the history: found by reading each whole, and set aside, so that work goes on without."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import polars as pl

from features.history.poison import files_set_aside, put_back, set_aside_file
from features.history.table_files import table_files
from features.home import Home

Result = TypeVar("Result")
UNREADABLE_TABLE = (pl.exceptions.PolarsError, OSError)


def despite_damage(home: Home, work: Callable[[], Result]) -> Result:
    """The result of work that reads the history; where it fails over damaged files, without these."""
    try:
        return work()
    except UNREADABLE_TABLE:
        if not set_aside_damaged(home):
            raise
    return work()


def set_aside_damaged(home: Home) -> list[Path]:
    """Move the damaged files of the history, of impressions and of decisions to `poison`; returns them."""
    files = [path for folder in (home.events, home.served, home.decisions) for path in table_files(folder)]
    damaged = [(path, problem) for path in files if (problem := _problem(path))]
    for path, problem in damaged:
        set_aside_file(home, path, problem)
    return [path for path, _ in damaged]


def settle_set_aside(home: Home) -> int:
    """Put files that were set aside back where they can be read after all, and remove the others; returns how
    many were removed."""
    reasons = files_set_aside(home)
    unreadable = [reason for reason in reasons if _problem(reason.with_suffix(".parquet"))]
    for reason in reasons:
        if reason in unreadable:
            reason.with_suffix(".parquet").unlink()
            reason.unlink()
        else:
            put_back(home, reason)
    return len(unreadable)


def _problem(path: Path) -> str | None:
    try:
        pl.read_parquet(path)
    except OSError as error:  # removed by compaction, no descriptor left: the file may be sound
        return str(error) if error.errno == errno.EIO else None
    except pl.exceptions.PolarsError as error:
        return f"{type(error).__name__}: {error}"
    except pl.exceptions.PanicException as error:  # of the reader, over bytes that no writer makes
        return f"damaged: {error}"
    return None
