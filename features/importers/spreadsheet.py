"""Spreadsheets (.xlsx, .xls, .ods): which sheets are read, and their cells as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from features.importers.content import check_size
from features.importers.layout import (
    SAMPLE_ROWS,
    Body,
    Row,
    header_row,
    skipped_note,
    unique_names,
    without_repeated_headers,
)
from features.importers.refusal import ImportRefused

if TYPE_CHECKING:
    from fastexcel import ExcelReader

OLE_MARK = b"\xd0\xcf\x11\xe0"  # .xls
AMBIGUOUS = r"^-?\d{1,3}\.\d{3}$"
"""A number that text would leave open: 1.234 may be 1,234 there. A number cell says which."""


class Sheet(NamedTuple):
    """A sheet and the first rows of it."""

    name: str
    rows: Sequence[Row]

    @property
    def header(self) -> tuple[str, ...]:
        """Its columns' names; empty if the sheet is."""
        return tuple(unique_names(self.rows[header_row(self.rows)])) if self.rows else ()


class Workbook:
    """An opened spreadsheet. Raises ImportRefused where it cannot be opened or read."""

    def __init__(self, content: bytes, name: str) -> None:
        import fastexcel

        self.name = name
        try:
            if content.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(content)) as parts:
                    check_size(sum(part.file_size for part in parts.infolist()), len(content), name)
            self._reader: ExcelReader = fastexcel.read_excel(content)
        except (fastexcel.FastExcelError, zipfile.BadZipFile) as error:
            raise ImportRefused(
                f"{name} is no readable spreadsheet (.xlsx). Save it again without a password, or as CSV."
            ) from error

    def sheets(self) -> list[Sheet]:
        """All sheets that hold anything."""
        sheets = [Sheet(name, self._load(name, SAMPLE_ROWS).rows()) for name in self._reader.sheet_names]
        return [sheet for sheet in sheets if sheet.header]

    def sheet(self, wanted: str) -> Sheet:
        """The sheet of a name, in any case, or of a number from 1."""
        names = self._reader.sheet_names
        by_key = {str(n): name for n, name in enumerate(names, 1)} | {name.lower(): name for name in names}
        if wanted.lower() not in by_key:
            listed = ", ".join(f"{n} {name!r}" for n, name in enumerate(names, 1))
            raise ImportRefused(f"{self.name} has no sheet {wanted!r}. It has {listed}.")
        found = by_key[wanted.lower()]
        return Sheet(found, self._load(found, SAMPLE_ROWS).rows() or [()])

    def body(self, sheet: Sheet) -> Body:
        """The rows of a sheet under its header; lines are the sheet's own row numbers."""
        header = header_row(sheet.rows)
        names = unique_names(sheet.rows[header])
        raw = self._with_plain_numbers(sheet.name, self._load(sheet.name))
        cells = raw.rename(dict(zip(raw.columns, names, strict=True)))[header + 1 :]
        lines = pl.int_range(header + 2, raw.height + 1, dtype=pl.UInt32, eager=True)
        filled = cells.select(pl.any_horizontal(pl.all() != "").fill_null(value=False)).to_series()
        cells, lines = cells.filter(filled), lines.filter(filled)
        surplus = pl.repeat(False, cells.height, eager=True)
        notes = skipped_note(sheet.rows[:header])
        return without_repeated_headers(Body(cells, lines, surplus, notes), sheet.rows[header])

    def _load(self, sheet: str, rows: int | None = None) -> pl.DataFrame:
        """All cells as text, from the first row of the sheet on."""
        import fastexcel

        try:
            return self._reader.load_sheet(
                sheet, header_row=None, skip_rows=0, n_rows=rows, dtypes="string"
            ).to_polars()
        except fastexcel.FastExcelError as error:
            raise ImportRefused(
                f"{self.name}: the sheet {sheet!r} cannot be read. Save it as CSV."
            ) from error

    def _with_plain_numbers(self, sheet: str, cells: pl.DataFrame) -> pl.DataFrame:
        """The same, with `plain_number` where a cell is a number: what alone can be read as Excel's days."""
        doubtful = [n for n, column in enumerate(cells) if column.str.contains(AMBIGUOUS).any()]
        if not doubtful:
            return cells
        days = self._reader.load_sheet(
            sheet, header_row=None, skip_rows=0, use_columns=doubtful, dtypes="datetime"
        ).to_polars()
        return cells.with_columns(
            pl.when(day.is_not_null()).then(plain_number(pl.col(name))).otherwise(name).alias(name)
            for day, name in zip(days, [cells.columns[n] for n in doubtful], strict=True)
        )


def plain_number(text: pl.Expr) -> pl.Expr:
    """1.2340 for a number 1.234, so that no later step can take its point for one between thousands."""
    return pl.when(text.str.contains(AMBIGUOUS)).then(pl.concat_str(text, pl.lit("0"))).otherwise(text)
