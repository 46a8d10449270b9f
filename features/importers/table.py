"""Any file as a table of text cells, each row with its line number in the file."""

import csv
import io
import zipfile
from dataclasses import dataclass

import polars as pl

from features.importers.content import check_size, to_utf8
from features.importers.refusal import ImportRefused

SURPLUS = "\0surplus"
DELIMITERS = ",;\t|"
JSON_LINE = "json"
MOST_CELLS = 300_000_000  # of a parquet file, which may hold each in a bit


@dataclass(frozen=True)
class FileTable:
    """The cells of a file, not interpreted yet.

    cells: the columns under the file's own names, all String; an empty cell is "" or null.
    lines: UInt32, the line each row ends on, the header being line 1. surplus: rows with too many cells.
    """

    cells: pl.DataFrame
    lines: pl.Series
    surplus: pl.Series
    kind: str
    encoding: str
    notes: tuple[str, ...] = ()


def as_table(content: bytes, name: str) -> FileTable:
    """Read CSV (, ; tab |), JSON lines, .xlsx or parquet, recognised by content.

    Raises ImportRefused for any other or a damaged file.
    """
    if content.startswith(b"PAR1"):
        return _plain(_parquet(content, name), "parquet", first_line=1)
    if content.startswith(b"PK\x03\x04"):
        cells, notes = _spreadsheet(content, name)
        return _plain(cells, "xlsx", first_line=2, notes=notes)
    text, encoding = to_utf8(content, name)
    start = text.lstrip()[:1]
    if start == b"<":
        raise ImportRefused(f"{name} is a web page or XML, not a table. Export it as CSV.")
    return _json_lines(text, encoding) if start == b"{" else _csv(text, encoding, name)


def _plain(cells: pl.DataFrame, kind: str, first_line: int, notes: tuple[str, ...] = ()) -> FileTable:
    lines = pl.int_range(first_line, cells.height + first_line, dtype=pl.UInt32, eager=True)
    return FileTable(cells, lines, pl.repeat(False, cells.height, eager=True), kind, "binary", notes)


def _parquet(content: bytes, name: str) -> pl.DataFrame:
    try:
        lazy = pl.scan_parquet(io.BytesIO(content))
        if lazy.select(pl.len()).collect().item() * len(lazy.collect_schema()) > MOST_CELLS:
            raise ImportRefused(f"{name} has more than {MOST_CELLS:,} cells. Import it in parts.")
        typed = lazy.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ImportRefused(f"{name} is a damaged parquet file. Write it again.") from error
    nested = [column for column, dtype in typed.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    times = [column for column, dtype in typed.schema.items() if dtype == pl.Datetime]
    iso = [pl.col(column).dt.to_string("iso") for column in times]
    return typed.drop(nested).with_columns(iso).cast(pl.String)


def _spreadsheet(content: bytes, name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    import fastexcel

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            check_size(sum(part.file_size for part in parts.infolist()), len(content), name)
        book = fastexcel.read_excel(content)
        cells = book.load_sheet(0, dtypes="string").to_polars()
    except (fastexcel.FastExcelError, zipfile.BadZipFile) as error:
        raise ImportRefused(f"{name} is no readable .xlsx spreadsheet. Save it again, or as CSV.") from error
    unread_sheets = [repr(sheet) for sheet in book.sheet_names[1:]]
    notes = (f"Only the first sheet was read, not {', '.join(unread_sheets)}",) if unread_sheets else ()
    return cells, notes


def _json_lines(text: bytes, encoding: str) -> FileTable:
    numbered = [(n, line) for n, line in enumerate(text.decode().split("\n"), 1) if line.strip()]
    cells = pl.DataFrame({JSON_LINE: pl.Series([line for _, line in numbered], dtype=pl.String)})
    lines = pl.Series([n for n, _ in numbered], dtype=pl.UInt32)
    return FileTable(cells, lines, pl.repeat(False, cells.height, eager=True), "jsonl", encoding)


def _csv(text: bytes, encoding: str, name: str) -> FileTable:
    delimiter = _delimiter(text)
    stream = io.BytesIO(text)
    reader = csv.reader((line.decode() for line in stream), delimiter=delimiter)
    header, header_lines = _unique_names(next(reader)), reader.line_num
    own_header = delimiter.join([f"c{n}" for n in range(len(header))] + [SURPLUS]).encode()
    try:
        cells = pl.read_csv(
            own_header + b"\n" + text[stream.tell() :],
            separator=delimiter,
            infer_schema=False,
            truncate_ragged_lines=True,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError as error:
        raise ImportRefused(f"{name}: {_broken_quotes(text, delimiter)}") from error
    numbered = cells.with_columns(_lines(cells, header_lines).alias("line"))
    filled = numbered.filter(pl.any_horizontal(pl.col(cells.columns) != ""))
    surplus = filled[SURPLUS] != ""
    named = filled.drop("line", SURPLUS).rename(dict(zip(cells.columns, header, strict=False)))
    return FileTable(named, filled["line"], surplus, "csv", encoding)


def _delimiter(text: bytes) -> str:
    header = text.split(b"\n", 1)[0].decode()
    return max(DELIMITERS, key=header.count)


def _unique_names(header: list[str]) -> list[str]:
    names: list[str] = []
    for n, raw in enumerate(header):
        name = raw.strip() or f"column {n + 1}"
        names.append(f"{name} ({n + 1})" if name in names else name)
    return names


def _lines(cells: pl.DataFrame, header_lines: int) -> pl.Series:
    breaks = cells.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))).to_series()
    rows = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
    return rows + breaks.cum_sum() + header_lines


def _broken_quotes(text: bytes, delimiter: str) -> str:
    reader = csv.reader((line.decode() for line in io.BytesIO(text)), delimiter=delimiter, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error:
        return f'The quotes around line {reader.line_num} are not closed. A " inside a cell must be doubled.'
    return "The rows cannot be told apart. Export it again as comma-separated CSV."
