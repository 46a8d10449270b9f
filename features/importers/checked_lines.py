"""The lines of a file of orders or events, read and checked, and its rows that are set aside unread."""

from datetime import datetime
from typing import NamedTuple

import polars as pl

from features.importers.checks import with_reasons, with_row_reasons, with_values
from features.importers.duplicates import duplicates
from features.importers.events_jsonl import jsonl_lines
from features.importers.gaps import nameless
from features.importers.lines import Format, completed
from features.importers.numbers import with_plain_numbers
from features.importers.table import FileTable
from features.importers.totals import totals
from features.progress import Report


class Unchecked(NamedTuple):
    """lines: with all of LINE_COLUMNS, numbers and times maybe text. aside: `row`, `reason` and `detail` of
    rows that were not read. repeats: `row` and `first_line` of lines that repeat others. doubts: about
    numbers. nameless: see `gaps`; None of events."""

    lines: pl.DataFrame
    aside: pl.DataFrame
    repeats: pl.DataFrame
    doubts: tuple[str, ...] = ()
    nameless: pl.Series | None = None


class Checked(NamedTuple):
    """lines: with values, and a reason where they are bad. doubts: about numbers and times. The others are
    those of Unchecked."""

    lines: pl.DataFrame
    aside: pl.DataFrame
    date_format: str
    doubts: tuple[str, ...]
    nameless: pl.Series | None

    def set_aside(self) -> pl.Series:
        """The rows that are bad or were not read, each once and in order."""
        bad = self.lines.filter(pl.col("reason").is_not_null())["row"]
        return pl.concat([bad, self.aside["row"]]).unique().sort()


def checked_lines(
    table: FileTable,
    chosen: Format,
    received_at: datetime,
    largest_order: float,
    decimal: str | None,
    zone: str,
    report: Report,
) -> Checked:
    """Read a file of this format. decimal: "." or ",", None to find it; zone: of times that name none.

    Raises ImportRefused where `decimal` is another mark, and where none of the dates can be read.
    """
    read = _read(table, chosen, received_at, decimal, report)
    parsed, times = with_values(read.lines, zone)
    lines = with_reasons(parsed, table, read.repeats, received_at, largest_order)
    return Checked(lines, read.aside, times.format, (*read.doubts, *times.warnings), read.nameless)


def _read(
    table: FileTable, chosen: Format, received_at: datetime, decimal: str | None, report: Report
) -> Unchecked:
    named = chosen.rows(table)
    repeats = duplicates(table, named, lines_are_units=chosen.lines_are_units)
    if table.kind == "jsonl":
        lines = jsonl_lines(table, received_at, report)
        return Unchecked(lines, lines.select("row", "reason", "detail").clear(), repeats)
    plain, doubts = with_plain_numbers(named, decimal)
    sums = totals(table, named, ("order_id", "timestamp"))
    others = repeats.select("row").join(sums, on="row", how="anti")
    aside = pl.concat([others, sums], how="diagonal").with_columns(detail=pl.lit(None, pl.String))
    lines = chosen.read(plain.filter(~pl.col("row").is_in(aside["row"].implode())))
    aside = with_row_reasons(aside, table, repeats)
    return Unchecked(completed(lines), aside, repeats.clear(), doubts, nameless(named))
