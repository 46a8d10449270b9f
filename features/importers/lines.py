"""The one frame every format maps its columns onto; all that follows is shared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from features.importers.table import Table

COLUMNS = (
    "type",
    "event_id",
    "order_id",
    "refund_id",
    "customer_id",
    "anonymous_id",
    "session_id",
    "product_id",
    "title",
    "quantity",
    "unit_price",
    "timestamp",
    "currency",
    "country",
    "discount",
    "coupon",
    "recommendation_id",
    "utm_source",
    "extra",
    "refunded_so_far",
    "reason",
    "detail",
)
"""Besides `row`, UInt32: the row of `Table.cells` a line comes from (one row may give several lines).
`refunded_so_far`: of a refund of a sum, all that the order was given back until the file was written."""

IDS = ("event_id", "order_id", "refund_id", "customer_id", "anonymous_id", "session_id", "product_id")


@dataclass(frozen=True)
class Format:
    """One file format: which headers it knows, and how its rows become lines.

    columns: our name -> headers accepted, without case and punctuation. required: our names.
    read: what `rows` gives -> lines with any of COLUMNS (numbers and times may stay text), or for a
    catalogue product rows.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    read: Callable[[pl.DataFrame], pl.DataFrame]

    def headers(self, cells: pl.DataFrame) -> dict[str, str]:
        """Our name -> the file's own header, for those columns that are there."""
        plain = {_plain(header): header for header in reversed(cells.columns)}
        spelled = {name: next((s for s in known if s in plain), None) for name, known in self.columns.items()}
        return {name: plain[spelling] for name, spelling in spelled.items() if spelling}

    def missing(self, cells: pl.DataFrame) -> list[str]:
        """The required columns that are not there, under the names a person would look for."""
        found = self.headers(cells)
        return [self.columns[name][0] for name in self.required if name not in found]

    def rows(self, table: Table) -> pl.DataFrame:
        """The table's rows under our names: trimmed, null where empty or absent, with `row`."""
        headers = self.headers(table.cells)
        known = [_trimmed(pl.col(header)).alias(name) for name, header in headers.items()]
        absent = [pl.lit(None, pl.String).alias(name) for name in self.columns if name not in headers]
        return table.cells.select(known).with_columns(absent).with_row_index("row")


def completed(lines: pl.DataFrame) -> pl.DataFrame:
    """The same lines with null in each of COLUMNS that is missing."""
    absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in lines.columns]
    return lines.with_columns(absent).select("row", *COLUMNS)


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", header.lower())


def _trimmed(text: pl.Expr) -> pl.Expr:
    bare = text.str.strip_chars()
    return pl.when(bare != "").then(bare)
