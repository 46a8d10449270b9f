"""Where the table stands in a file or sheet: its header, and the lines of text above it."""

from collections import Counter
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import polars as pl

SAMPLE_ROWS = 100
BLANKS = " \t\r\n\ufeff\xa0"
Row = Sequence[str | None]


class Body(NamedTuple):
    """The rows under a header, as the fields of `FileTable`: cells, lines, surplus, notes."""

    cells: pl.DataFrame
    lines: pl.Series
    surplus: pl.Series
    notes: tuple[str, ...] = ()


def header_row(rows: Sequence[Row]) -> int:
    """Index of the first row that is about as wide as most, and half filled; 0 if none is.

    Three quarters of the width are enough: the rows below the header may have a cell too many.
    """
    widths = Counter(width for row in rows if (width := _width(row)))
    usual = max(widths, key=lambda width: (widths[width], -width), default=0)
    wide, filled = max(2, ceil(0.75 * usual)), max(2, ceil(0.5 * usual))
    return next((n for n, row in enumerate(rows) if _width(row) >= wide and _filled(row) >= filled), 0)


def unique_names(header: Row) -> list[str]:
    """Names of the columns: trimmed, numbered where they are empty or repeat."""
    names: list[str] = []
    for n, raw in enumerate(header):
        name = (raw or "").strip(BLANKS) or f"column {n + 1}"
        names.append(f"{name} ({n + 1})" if name in names else name)
    return names


def skipped_note(rows_above: Sequence[Row]) -> tuple[str, ...]:
    """What to say of the lines of text above the header; nothing if they are blank."""
    texts = [" ".join(filter(None, row)).strip() for row in rows_above]
    shown = "; ".join(repr(text[:60]) for text in texts if text)
    return (
        (f"The header is line {len(texts) + 1}; what stands above it was left out: {shown}",) if shown else ()
    )


def without_repeated_headers(body: Body, header: Row) -> Body:
    """The same without rows that repeat the header, as in files that were put one behind the other."""
    columns = body.cells.columns
    names = [(raw or "").strip(BLANKS) for raw in header[: len(columns)]]
    if not (body.cells[columns[0]].str.strip_chars(BLANKS) == names[0]).any():
        return body
    tests = [
        pl.col(column).str.strip_chars(BLANKS) == name for column, name in zip(columns, names, strict=False)
    ]
    repeats = body.cells.select(pl.all_horizontal(tests).fill_null(value=False)).to_series()
    if len(names) < 2 or not (count := repeats.sum()):
        return body
    note = f"{count:,} lines repeat the header and were left out"
    return Body(
        body.cells.filter(~repeats),
        body.lines.filter(~repeats),
        body.surplus.filter(~repeats),
        (*body.notes, note),
    )


def _filled(row: Row) -> int:
    return sum(bool(cell and cell.strip()) for cell in row)


def _width(row: Row) -> int:
    """The number of cells up to the last filled one."""
    return max((n for n, cell in enumerate(row, 1) if cell and cell.strip()), default=0)
