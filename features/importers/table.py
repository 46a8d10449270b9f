"""Any file as a table of text cells, each row with its line number in the file."""

import html
import io
import re
from dataclasses import dataclass, replace

import msgspec
import polars as pl

from features.importers.csv_text import read_csv
from features.importers.layout import Body
from features.importers.refusal import ImportRefused
from features.importers.spreadsheet import OLE_MARK, Workbook, plain_number
from features.importers.text import to_utf8

JSON_LINE = "json"
LISTS = ("events", "batch")
EVENT_COLUMNS = {
    "event_name",
    "event_timestamp",
    "event_params",
}  # of GA4, beside lists
MOST_CELLS = 300_000_000  # of a parquet file, which may hold each in a bit
ENTITY = r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"


@dataclass(frozen=True)
class FileTable:
    """The cells of a file, not interpreted yet.

    cells: the columns under the file's own names, all String; an empty cell is "" or null.
    lines: UInt32, the line each row ends on, the header being line 1. surplus: rows with too many cells.
    files: the name of each row's file, where several files or sheets were joined.
    """

    cells: pl.DataFrame
    lines: pl.Series
    surplus: pl.Series
    kind: str
    encoding: str
    notes: tuple[str, ...] = ()
    files: pl.Series | None = None

    def only(self, rows: pl.Series) -> "FileTable":
        """These rows alone."""
        if rows.len() == self.cells.height:
            return self
        files = self.files[rows] if self.files is not None else None
        return replace(
            self, cells=self.cells[rows], lines=self.lines[rows], surplus=self.surplus[rows], files=files
        )

    def place(self, rows: pl.Series) -> pl.Series:
        """`line 3` of each row, and of which file where several were joined."""
        lines = self.lines[rows].to_frame("line")
        if self.files is None:
            return lines.select(pl.format("line {}", "line")).to_series()
        return (
            lines.with_columns(file=self.files[rows])
            .select(pl.format("line {} of {}", "line", "file"))
            .to_series()
        )


def as_table(content: bytes, name: str) -> FileTable:
    """Read CSV (, ; tab |), JSON lines, a spreadsheet's first sheet or parquet, recognised by content.

    Raises ImportRefused for any other or a damaged file.
    """
    if content.startswith(b"PAR1"):
        typed = _parquet(content, name)
        if set(typed.columns) >= EVENT_COLUMNS:
            return json_table(typed.write_ndjson().encode(), "binary")
        return _binary(_texts(typed), "parquet")
    if is_spreadsheet(content):
        return next(iter(sheet_tables(content, name, None)))[1]
    text, encoding = to_utf8(content, name)
    start = text[:1_000].lstrip()[:1]
    if start == b"<":
        raise ImportRefused(f"{name} is a web page or XML, not a table. Export it as CSV.")
    if start in (b"{", b"["):
        return json_table(text, encoding)
    body = read_csv(text, name)
    cells = _without_entities(body.cells) if b"&" in text else body.cells
    if b'="' in text:
        cells = cells.with_columns(pl.all().str.replace(r'^="([^"]*)"$', "${1}"))  # as Excel keeps text text
    return FileTable(cells, body.lines, body.surplus, "csv", encoding, body.notes)


def is_spreadsheet(content: bytes) -> bool:
    """Whether it is .xlsx, .ods or .xls; a .zip of other files is none."""
    return content.startswith((b"PK\x03\x04", OLE_MARK))


def sheet_tables(content: bytes, name: str, sheet: str | None) -> list[tuple[str, FileTable]]:
    """Names and tables of all sheets that hold anything, or of the one with that name or number from 1.

    Raises ImportRefused for a damaged spreadsheet, one without rows, and a sheet that is not there.
    """
    book = Workbook(content, name)
    sheets = book.sheets() if sheet is None else [book.sheet(sheet)]
    if not sheets:
        raise ImportRefused(f"{name} is a spreadsheet without rows. Export it again.")
    return [(each.name, _binary(book.body(each), "xlsx")) for each in sheets]


def _binary(body: Body, kind: str) -> FileTable:
    return FileTable(_without_entities(body.cells), body.lines, body.surplus, kind, "binary", body.notes)


def _parquet(content: bytes, name: str) -> pl.DataFrame:
    try:
        lazy = pl.scan_parquet(io.BytesIO(content))
        if lazy.select(pl.len()).collect().item() * len(lazy.collect_schema()) > MOST_CELLS:
            raise ImportRefused(f"{name} has more than {MOST_CELLS:,} cells. Import it in parts.")
        return lazy.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ImportRefused(f"{name} is a damaged parquet file. Write it again.") from error


def _texts(typed: pl.DataFrame) -> Body:
    nested = [column for column, dtype in typed.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    times = [column for column, dtype in typed.schema.items() if dtype == pl.Datetime]
    fractions = [column for column, dtype in typed.schema.items() if dtype.is_float() or dtype.is_decimal()]
    iso = [pl.col(column).dt.to_string("iso") for column in times]
    cells = (
        typed.drop(nested)
        .with_columns(iso)
        .cast(pl.String)
        .with_columns(plain_number(pl.col(c)) for c in fractions)
    )
    lines = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
    notes = (f"Columns that are lists or bytes were left out: {', '.join(nested)}",) if nested else ()
    return Body(cells, lines, pl.repeat(False, cells.height, eager=True), notes)


def json_table(text: bytes, encoding: str) -> FileTable:
    """JSON lines, a list of JSON objects, or an object with one such list, as a row an object."""
    records = _records(text)
    lines = text.decode().split("\n") if records is None else [str(each, "utf-8") for each in records]
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    cells = pl.DataFrame({JSON_LINE: pl.Series([line for _, line in numbered], dtype=pl.String)})
    numbers = pl.Series([n for n, _ in numbered], dtype=pl.UInt32)
    return FileTable(cells, numbers, pl.repeat(False, cells.height, eager=True), "jsonl", encoding)


def _records(text: bytes) -> list[msgspec.Raw] | None:
    """The objects of a list; None where the text is no single JSON value, or an event itself."""
    try:
        if text.lstrip().startswith(b"["):
            return msgspec.json.decode(text, type=list[msgspec.Raw])
        fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        lists = [fields[name] for name in LISTS if name in fields]
        return msgspec.json.decode(lists[0], type=list[msgspec.Raw]) if len(lists) == 1 else None
    except (msgspec.DecodeError, RecursionError):
        return None


def _without_entities(cells: pl.DataFrame) -> pl.DataFrame:
    """`Cup & saucer` for `Cup &amp; saucer`, also where it was escaped twice."""
    return cells.with_columns(_unescaped(column) for column in cells if column.str.contains(ENTITY).any())


def _unescaped(text: pl.Series) -> pl.Series:
    escaped = text.filter(text.str.contains(ENTITY).fill_null(value=False)).unique()
    return text.replace(escaped, pl.Series([_plain(_plain(each)) for each in escaped], dtype=pl.String))


def _plain(text: str) -> str:
    return re.sub(ENTITY, lambda entity: re.sub(r"[\x00-\x1f\x7f]", " ", html.unescape(entity[0])), text)
