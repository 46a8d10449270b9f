"""The file of lines set aside: their line numbers, the reasons, and their own cells."""

from pathlib import Path

import polars as pl

from features.importers.table import FileTable
from features.insights.formulas import FORMULA, is_formula
from features.store.files import replacing

OWN_COLUMNS = ("file", "line", "reason")


def are_rejects(table: FileTable) -> bool:
    """Whether it is such a file, with its lines corrected."""
    columns = tuple(table.cells.columns)
    return any(columns[: len(own)] == own for own in (OWN_COLUMNS, OWN_COLUMNS[1:]))


def write_rejects(path: Path, table: FileTable, rejected: pl.DataFrame) -> None:
    """Write `line,reason` and the original cells, `file` before them if there are several.

    `rejected` has `row`, `reason`, `detail`, each row once.
    """
    ordered = rejected.sort("row")
    bracketed = pl.format("{} ({})", "reason", "detail")
    reasons = ordered.select(reason=pl.coalesce(bracketed, "reason")).to_series()
    cells = table.cells[ordered["row"]].with_columns(pl.all().str.replace(FORMULA, "'${1}"))
    cells = cells.rename(lambda name: f"cell {name}" if name in OWN_COLUMNS or is_formula(name) else name)
    files = {"file": table.files[ordered["row"]]} if table.files is not None else {}
    places = pl.DataFrame(files | {"line": table.lines[ordered["row"]], "reason": reasons})
    with replacing(path) as fresh:
        places.hstack(cells).write_csv(fresh)
