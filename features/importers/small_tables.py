"""What the tables that a keeper writes have in common (`date,channel,spend`, `date,currency,rate`): one known
format, a file or sheet at a time, each row taken or set aside with its reason."""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from features.home import Home
from features.importers.files import read_tables
from features.importers.formats import pick_format
from features.importers.lines import Format
from features.importers.records import rejects_path
from features.importers.refusal import ImportRefused
from features.importers.rejects import write_rejects
from features.importers.table import FileTable
from features.progress import silent


class SmallTable(NamedTuple):
    """rows: of the table under our names, all text, with `row`."""

    table: FileTable
    rows: pl.DataFrame


def unchanged(rows: pl.DataFrame) -> pl.DataFrame:
    """`Format.read` of a table whose rows are what they are."""
    return rows


def read_small(file: Path, only: Format, sheet: str | None, advice: str) -> SmallTable:
    """The table of a file in this format. advice: on a file without rows. Raises ImportRefused."""
    table = read_tables([file], only.share, sheet=sheet, report=silent)
    chosen, _ = pick_format({only.name: only}, table, only.name)
    if table.cells.is_empty():
        raise ImportRefused(f"{file.name} has no rows. {advice}")
    return SmallTable(table, chosen.rows(table))


def set_aside(
    home: Home, file: Path, table: FileTable, checked: pl.DataFrame, now: datetime, *, dry_run: bool
) -> dict[str, Any]:
    """Write the rows with a `reason` to the file of rejects; the figures of them in an ImportSummary."""
    rejected = checked.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    path = rejects_path(home, file, now) if rejected.height and not dry_run else None
    if path:
        write_rejects(path, table, rejected)
    return {
        "dry_run": dry_run,
        "rows": table.cells.height,
        "set_aside": dict(rejected["reason"].value_counts(sort=True).iter_rows()),
        "rejects_file": str(path) if path else None,
    }
