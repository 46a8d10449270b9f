"""A report as CSV that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterator

from features.insights.formulas import is_formula
from features.insights.report import Cell, Report

LONG = ("currency", "table", "row", "measure", "value", "unit")


def as_csv(report: Report) -> str:
    """A report of one table is that table; any other has a line a figure and cell: `LONG`."""
    tables = [table for part in report.parts for table in part.tables]
    figures = any(part.figures for part in report.parts)
    wide = not figures and {table.name for table in tables} == {report.name}
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerows([_safe(cell) for cell in row] for row in (_wide(report) if wide else _long(report)))
    return out.getvalue()


def _wide(report: Report) -> Iterator[list[Cell]]:
    part = report.parts[0]
    yield ["currency", *(column.name for column in part.tables[0].columns)]
    for part in report.parts:
        for table in part.tables:
            yield from ([part.currency, *row] for row in table.rows)


def _long(report: Report) -> Iterator[list[Cell]]:
    yield list(LONG)
    for part in report.parts:
        for each in part.figures:
            yield [part.currency, "figures", "", each.name, each.value, each.unit]
            for name, end in (("low", each.low), ("high", each.high), ("before", each.before)):
                if end is not None:
                    yield [part.currency, "figures", "", f"{each.name}_{name}", end, each.unit]
        for table in part.tables:
            for row in table.rows:
                for column, value in zip(table.columns[1:], row[1:], strict=True):
                    yield [part.currency, table.name, row[0], column.name, value, column.unit]


def _safe(cell: Cell) -> Cell:
    """Text that a spreadsheet would work out gets an apostrophe; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell
