"""A report: figures and tables with their definitions, in one part per currency."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from features.insights.definitions import DEFINITIONS, Unit
from features.insights.periods import Period

Cell = str | int | float | None
MARGIN_ASSUMED = "Some or all costs are not known: their margin is assumed"
OF_DECISIONS = {
    *("margin_a_decision", "offers_earned", "offers_earned_low", "offers_earned_high", "brings"),
    *("best_expected", "ips", "snips", "dr", "dr_low", "dr_high", "above_none", "above_low", "above_high"),
}
"""Figures and columns that count what orders after offers left."""


class Figure(msgspec.Struct, frozen=True):
    """One number. value: None if it cannot be determined, and `note` says why; low, high: 95 % interval;
    before: of the period before, where the report is of a period; margin_assumed: whether costs that are not
    known went into it by an assumed margin."""

    name: str
    label: str
    unit: Unit
    value: float | None
    definition: str
    note: str | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    margin_assumed: bool = False


class Column(msgspec.Struct, frozen=True):
    """A column of a table. margin_assumed: as of a figure."""

    name: str
    label: str
    unit: Unit
    definition: str = ""
    margin_assumed: bool = False


AnyNumber = TypeVar("AnyNumber", Figure, Column)


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
    """The figures and tables in one currency; None: the orders have no currency."""

    currency: str | None
    figures: list[Figure] = []
    tables: list[Table] = []


class Report(msgspec.Struct, frozen=True):
    """as_of: the day of the figures, ISO. notes: caveats for the reader; headline: the main result; period:
    that the figures are of, None: all time up to that day."""

    name: str
    title: str
    as_of: str
    parts: list[Part] = []
    notes: list[str] = []
    headline: str = ""
    period: Period | None = None


def figure(
    name: str,
    value: float | None,
    note: str | None = None,
    low: float | None = None,
    high: float | None = None,
    before: float | None = None,
) -> Figure:
    """A figure with the label, unit and text of its definition."""
    about = DEFINITIONS[name]
    ends = (_plain(each) for each in (low, high, before))
    return Figure(name, about.label, about.unit, _plain(value), about.text, note, *ends)


def column(name: str, label: str | None = None, unit: Unit | None = None) -> Column:
    """A column with the label, unit and text of its definition, if it has one and none are given."""
    about = DEFINITIONS.get(name)
    if about is None:
        return Column(name, label or name, unit or "text")
    return Column(name, label or about.label, unit or about.unit, about.text)


def table(
    name: str,
    title: str,
    columns: Sequence[str | Column],
    rows: Iterable[Iterable[Any]],
    plot: Plot | None = None,
    text: str = "",
) -> Table:
    """A table. A column given by name has that definition; NaN and infinite cells become None."""
    defined = tuple(column(each) if isinstance(each, str) else each for each in columns)
    return Table(name, title, defined, [[_plain(cell) for cell in row] for row in rows], plot, text)


def with_assumed_margin(report: Report) -> Report:
    """The report where costs are not known: each figure and column OF_DECISIONS says so, and a note does."""
    parts = [
        replace(
            part,
            figures=[_assumed(each) for each in part.figures],
            tables=[replace(each, columns=tuple(map(_assumed, each.columns))) for each in part.tables],
        )
        for part in report.parts
    ]
    return replace(report, parts=parts, notes=[*report.notes, f"{MARGIN_ASSUMED}."])


def _assumed(each: AnyNumber) -> AnyNumber:
    if each.name not in OF_DECISIONS:
        return each
    return replace(each, margin_assumed=True, definition=f"{each.definition} {MARGIN_ASSUMED}.")


def _plain(value: Any) -> Any:
    """A float rounded to six decimals; None for NaN and infinities, which JSON does not have."""
    if not isinstance(value, float):
        return value
    return round(value, 6) if abs(value) < float("inf") else None
