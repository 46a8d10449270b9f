"""The file of lines set aside: where, why, and their own cells."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from features.home import Home
from features.importers.table import Table
from features.store.files import replacing

OWN = ("line", "reason")
FORMULA = "=+-@\t\r"
"""What a spreadsheet takes for the start of a formula: such a cell gets a leading apostrophe."""


def rejects_path(home: Home, source: Path, at: datetime) -> Path:
    """Where the rejects of an import go; asking makes nothing."""
    stem = source.name.split(".")[0] or "file"
    return home.root / "reports" / f"rejects-{stem}-{at:%Y%m%dT%H%M%S%f}.csv"


def write_rejects(path: Path, table: Table, aside: pl.DataFrame) -> None:
    """Write `line,reason` and the original cells; `aside` has `row`, `reason`, `detail`, a row once."""
    said = aside.sort("row")
    bracketed = pl.format("{} ({})", "reason", "detail")
    reasons = said.select(reason=pl.coalesce(bracketed, "reason")).to_series()
    cells = table.cells[said["row"]].with_columns(pl.all().str.replace(r"^([=+\-@\t\r])", "'${1}"))
    cells = cells.rename(lambda name: f"cell {name}" if name in OWN or name[:1] in FORMULA else name)
    with replacing(path) as fresh:
        pl.DataFrame({"line": table.lines[said["row"]], "reason": reasons}).hstack(cells).write_csv(fresh)
