"""The columns that every format's rows are mapped onto, so that all later steps are shared."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from features.history.events_parquet import schema
from features.importers.table import FileTable

LINE_COLUMNS = (
    *(name for name in schema() if name not in {"line", "received_at", "source"}),
    "title",
    "refunded_so_far",
    "status",
    "reason",
    "detail",
)
"""Besides `row`, UInt32: the row of `Table.cells` a line comes from (one row may give several lines).
`refunded_so_far`: where the file says so, all money refunded for the order up to the export. `status`: of an
order whose status has no known meaning."""

ID_COLUMNS = ("event_id", "order_id", "refund_id", "customer_id", "anonymous_id", "session_id", "product_id")


@dataclass(frozen=True)
class Format:
    """One file format: the headers it accepts, and how its rows become lines.

    columns: our name -> accepted headers, without case and punctuation. required: our names.
    read: from the result of `rows` to lines with any of LINE_COLUMNS (numbers and times may stay text), or
    to product rows for a catalogue.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    read: Callable[[pl.DataFrame], pl.DataFrame]

    def headers(self, cells: pl.DataFrame) -> dict[str, str]:
        """Our name -> the file's own header, of the columns that are present."""
        plain = {_plain(header): header for header in reversed(cells.columns)}
        matches = {
            name: next((each for each in accepted if each in plain), None)
            for name, accepted in self.columns.items()
        }
        return {name: plain[match] for name, match in matches.items() if match}

    def missing(self, cells: pl.DataFrame) -> list[str]:
        """The required columns that are absent, each under its first accepted header."""
        present = self.headers(cells)
        return [self.columns[name][0] for name in self.required if name not in present]

    def rows(self, table: FileTable) -> pl.DataFrame:
        """The table's rows under our names: trimmed, null where empty or absent, with `row`."""
        headers = self.headers(table.cells)
        present = [_trimmed(pl.col(header)).alias(name) for name, header in headers.items()]
        absent = [pl.lit(None, pl.String).alias(name) for name in self.columns if name not in headers]
        return table.cells.select(present).with_columns(absent).with_row_index("row")


def completed(lines: pl.DataFrame) -> pl.DataFrame:
    """The same lines with null in each of LINE_COLUMNS that is missing."""
    absent = [pl.lit(None, pl.String).alias(name) for name in LINE_COLUMNS if name not in lines.columns]
    return lines.with_columns(absent).select("row", *LINE_COLUMNS)


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", header.lower())


def _trimmed(text: pl.Expr) -> pl.Expr:
    bare = text.str.strip_chars()
    return pl.when(bare != "").then(bare)
