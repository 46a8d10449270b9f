"""The columns that every format's rows are mapped onto, so that all later steps are shared."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from features.history.events_parquet import schema
from features.importers.table import FileTable

LINE_COLUMNS = (
    *(name for name in schema() if name not in {"line", "received_at", "source", "revision"}),
    "email",
    "phone",
    "person",
    "own_name",
    "title",
    "other_ids",
    "refunded_so_far",
    "status",
    "changed_at",
    "reason",
    "detail",
)
"""Besides `row`, UInt32: the row of `Table.cells` a line comes from (one row may give several lines).
`other_ids`: what else the file calls the product, ID_SEPARATOR between them. `email`, `phone`, `person`: as
the file has them, never kept. `own_name`: the customer as the line alone names them, which the history keeps.
`refunded_so_far`: where the file says so, all money refunded for the order up to the export. `status`: of an
order whose status has no known meaning. `changed_at`: when the shop changed the order last."""

ID_SEPARATOR = "\x1f"
ID_COLUMNS = ("event_id", "order_id", "refund_id", "customer_id", "anonymous_id", "session_id", "product_id")


@dataclass(frozen=True)
class Format:
    """One file format: the headers it accepts, and how its rows become lines.

    columns: our name -> accepted headers, without case, accents and punctuation. required: our names, or
    `a|b` where either will do. read: from the result of `rows` to lines with any of LINE_COLUMNS (numbers and
    times may stay text), or to product rows for a catalogue. label: what the shop calls the file. note: what
    whoever imports it must know. instead: what to import where such a file says too little to be taken.
    lines_are_units: equal lines of one order are as many units.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    read: Callable[[pl.DataFrame], pl.DataFrame]
    label: str = ""
    note: str = ""
    instead: str = ""
    lines_are_units: bool = True

    def headers(self, cells: pl.DataFrame) -> dict[str, str]:
        """Our name -> the file's own header, of the columns that are present."""
        present = {plain(header): header for header in reversed(cells.columns)}
        matches = {
            name: next((plain(each) for each in accepted if plain(each) in present), None)
            for name, accepted in self.columns.items()
        }
        return {name: present[match] for name, match in matches.items() if match}

    def missing(self, cells: pl.DataFrame) -> list[str]:
        """The required columns that are absent, each under its first accepted header."""
        present = self.headers(cells)
        return [_either(self, need) for need in self.required if not present.keys() & set(need.split("|"))]

    def share(self, cells: pl.DataFrame) -> float:
        """The share of the required columns that is there."""
        return 1 - len(self.missing(cells)) / len(self.required)

    def needed(self) -> list[str]:
        """The required columns, each under its first accepted header."""
        return [_either(self, need) for need in self.required]

    def rows(self, table: FileTable) -> pl.DataFrame:
        """The table's rows under our names: trimmed, null where empty or absent, with `row`."""
        headers = self.headers(table.cells)
        present = [_trimmed(table.cells[header]).alias(name) for name, header in headers.items()]
        absent = [pl.lit(None, pl.String).alias(name) for name in self.columns if name not in headers]
        return pl.DataFrame(present).with_columns(absent).with_row_index("row")


def completed(lines: pl.DataFrame) -> pl.DataFrame:
    """The same lines with null in each of LINE_COLUMNS that is missing."""
    absent = [pl.lit(None, pl.String).alias(name) for name in LINE_COLUMNS if name not in lines.columns]
    return lines.with_columns(absent).select("row", *LINE_COLUMNS)


@cache
def plain(header: str) -> str:
    """A header without case, accents and punctuation; letters of any script stay."""
    bare = unicodedata.normalize("NFKD", header.casefold().replace("ł", "l").replace("ø", "o"))
    return "".join(each for each in bare if each.isalnum())


def _either(each: Format, need: str) -> str:
    return " or ".join(each.columns[name][0] for name in need.split("|") if name in each.columns)


def _trimmed(text: pl.Series) -> pl.Series:
    """The column itself, not a copy, where it is trimmed already."""
    bare = text.str.strip_chars() if text.str.contains(r"^\s|\s$").any() else text
    return bare.set(bare == "", None) if (bare == "").any() else bare
