"""A report: figures and tables, each with its definition, a part for each currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from features.insights.definitions import DEFINITIONS, Unit

Cell = str | int | float | None


class Figure(msgspec.Struct, frozen=True):
    """One number; None: it cannot be told, and `note` says why. low and high: the ends of 95 %."""

    name: str
    label: str
    unit: Unit
    value: float | None
    definition: str
    note: str | None = None
    low: float | None = None
    high: float | None = None


class Column(msgspec.Struct, frozen=True):
    """A table's column."""

    name: str
    label: str
    unit: Unit
    definition: str = ""


class Plot(msgspec.Struct, frozen=True):
    """How a table is drawn: bars of one column, a line of it over the months of the first, a heat map of all
    but the first two, or intervals: one column, with its ends in the two after it."""

    kind: Literal["bars", "line", "heat", "intervals"]
    column: str


class Table(msgspec.Struct, frozen=True):
    """Rows of as many cells as there are columns."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    plot: Plot | None = None
    text: str = ""


class Part(msgspec.Struct, frozen=True):
    """What concerns one currency; None: the orders name none."""

    currency: str | None
    figures: list[Figure] = []
    tables: list[Table] = []


class Report(msgspec.Struct, frozen=True):
    """as_of: the last day that counts, ISO. notes: what a reader must know; headline: what matters most."""

    name: str
    title: str
    as_of: str
    parts: list[Part] = []
    notes: list[str] = []
    headline: str = ""


def figure(
    name: str,
    value: float | None,
    note: str | None = None,
    low: float | None = None,
    high: float | None = None,
) -> Figure:
    """A figure of the table of definitions."""
    known = DEFINITIONS[name]
    return Figure(name, known.label, known.unit, _plain(value), known.text, note, _plain(low), _plain(high))


def column(name: str, label: str | None = None, unit: Unit | None = None) -> Column:
    """A column of the table of definitions, or one with a label and unit of its own."""
    known = DEFINITIONS.get(name)
    if known is None:
        return Column(name, label or name, unit or "text")
    return Column(name, label or known.label, unit or known.unit, known.text)


def table(
    name: str,
    title: str,
    columns: Sequence[str | Column],
    rows: Iterable[Iterable[Any]],
    plot: Plot | None = None,
    text: str = "",
) -> Table:
    """Columns by their names in the table of definitions; numbers that are none become None."""
    shown = tuple(column(each) if isinstance(each, str) else each for each in columns)
    return Table(name, title, shown, [[_plain(cell) for cell in row] for row in rows], plot, text)


def _plain(value: Any) -> Any:
    """Rounded to six digits after the point; NaN and infinities are None: JSON has neither."""
    if not isinstance(value, float):
        return value
    return round(value, 6) if abs(value) < float("inf") else None
