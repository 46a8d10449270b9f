"""Delimited text as cells: the delimiter and the header are found, and each row keeps its line."""

import csv
import re
from collections import Counter
from html.entities import name2codepoint
from io import StringIO

import polars as pl

from features.importers.layout import (
    SAMPLE_ROWS,
    Body,
    Row,
    header_row,
    skipped_note,
    unique_names,
    without_repeated_headers,
)
from features.importers.quotes import has_stray_quotes, repaired
from features.importers.refusal import ImportRefused

DELIMITERS = ",;\t|"
SURPLUS = "\0surplus"
SEPARATOR_LINE = re.compile(rb"\s*\"?sep=([^\r\n])\"?[ \t]*\r?\n", re.IGNORECASE)
"""What Excel writes above a table to say its delimiter."""
SAMPLE_BYTES = 200_000
ONE_CELL = re.compile(rb'"(?:[^"]|"")*"')
ENTITY = re.compile(rb"&(?:amp;)*(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z]{2,8}));")
SEMICOLON = "\ue000"
"""A character that no text has."""


def read_csv(text: bytes, name: str) -> Body:
    """The cells of UTF-8 text. Raises ImportRefused where a quote is never closed."""
    told = SEPARATOR_LINE.match(text)
    lines_before = told[0].count(b"\n") if told else 0
    if told:
        text = text[told.end() :]
    text = _unwrapped(text)
    sample = text[:SAMPLE_BYTES]
    delimiter = told[1].decode() if told else ""
    if not told or len(_first_rows(sample, delimiter)[0][0]) < 2:
        delimiter = likeliest_delimiter(sample)
    if escaped := delimiter == ";" and b"&" in text:
        text = ENTITY.sub(_without_semicolon, text)
    quoted = b'"' in text
    if quoted and has_stray_quotes(text, delimiter):
        text = repaired(text, delimiter, name, lines_before + 1)
    rows, ends = _first_rows(text[:SAMPLE_BYTES], delimiter)
    header = header_row(rows)
    body = _read(text, name, delimiter, rows[header], ends[header], quoted=quoted)
    cells = body.cells.with_columns(pl.all().str.replace_all(SEMICOLON, ";")) if escaped else body.cells
    numbered = body._replace(cells=cells, lines=body.lines + (ends[header] + lines_before))
    notes = (*skipped_note(rows[:header]), *_swallowed_rows(numbered, delimiter, quoted=quoted))
    return without_repeated_headers(numbered._replace(notes=notes), rows[header])


def _unwrapped(text: bytes) -> bytes:
    """The rows inside the cells where each line is one cell in quotes, as a spreadsheet may save them."""
    begins = [line.strip() for line in text[:SAMPLE_BYTES].split(b"\n")[:SAMPLE_ROWS] if line.strip()]
    several = (any(mark.encode() in line for mark in DELIMITERS) for line in begins)
    if len(begins) < 2 or not all(map(ONE_CELL.fullmatch, begins)) or not all(several):
        return text
    stripped = (line.strip() for line in text.split(b"\n"))
    rows = (line[1:-1].replace(b'""', b'"') if ONE_CELL.fullmatch(line) else line for line in stripped)
    return b"\n".join(rows)


def _without_semicolon(entity: re.Match[bytes]) -> bytes:
    """`&amp;` with a mark for its semicolon, which would end the cell; unknown names are no entities."""
    named = entity[1] is not None and entity[1].decode() not in name2codepoint
    return entity[0] if named else entity[0].replace(b";", SEMICOLON.encode())


def likeliest_delimiter(sample: bytes) -> str:
    """The delimiter that gives the most rows one width, of at least two cells.

    Of several that do, the one that leaves the fewest quotes inside cells, then the one of the widest rows.
    """

    def regularity(delimiter: str) -> tuple[float, int, int]:
        rows = _first_rows(sample, delimiter)[0]
        quotes = sum(cell.count('"') for row in rows for cell in row if cell)
        widths = Counter(len(row) for row in rows if row)
        several = {width: count for width, count in widths.items() if width > 1}
        width = max(several, key=lambda each: several[each], default=1)
        return round(several.get(width, 0) / max(widths.total(), 1), 1), -quotes, width

    return max(DELIMITERS, key=regularity)


def _first_rows(sample: bytes, delimiter: str) -> tuple[list[Row], list[int]]:
    """Up to SAMPLE_ROWS rows of a text's start, and the number of the line that each ends on."""
    reader = csv.reader(StringIO(sample.decode(errors="ignore"), newline=""), delimiter=delimiter)
    rows: list[Row] = []
    ends: list[int] = []
    for row in reader:
        rows.append(row)
        ends.append(reader.line_num)
        if len(rows) == SAMPLE_ROWS:
            break
    return rows or [[]], ends or [1]


def _read(text: bytes, name: str, delimiter: str, header: Row, skip: int, *, quoted: bool) -> Body:
    """The rows after `skip` lines; `lines` counts from the first of them."""
    names = unique_names(header)
    keys = [f"c{n}" for n in range(len(names))]
    try:
        cells = pl.read_csv(
            text,
            has_header=False,
            skip_lines=skip,
            schema=dict.fromkeys([*keys, SURPLUS], pl.String()),
            separator=delimiter,
            quote_char='"' if quoted else None,
            truncate_ragged_lines=True,
            missing_columns="insert",
            empty_string_is_null=False,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise ImportRefused(
            f"{name}: The rows cannot be told apart. Export it again as comma-separated CSV."
        ) from error
    lines = _line_numbers(cells, quoted=quoted)
    filled = cells.select(pl.any_horizontal(pl.all() != "").fill_null(value=False)).to_series()
    if not filled.all():
        cells, lines = cells.filter(filled), lines.filter(filled)
    surplus = (cells[SURPLUS] != "").fill_null(value=False)
    return Body(cells.drop(SURPLUS).rename(dict(zip(keys, names, strict=True))), lines, surplus)


def _line_numbers(cells: pl.DataFrame, *, quoted: bool) -> pl.Series:
    """The line each row ends on; only quoted cells can hold line ends."""
    rows = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
    if not quoted:
        return rows
    breaks = cells.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))).to_series()
    return rows + breaks.fill_null(0).cum_sum()


def _swallowed_rows(body: Body, delimiter: str, *, quoted: bool) -> tuple[str, ...]:
    """A note if a cell holds what looks like whole rows, as where a quote is closed lines too late."""
    if not quoted or body.cells.width < 3:
        return ()
    mark = re.escape(delimiter)
    inner_row = rf"\n(?:[^{mark}\n]*{mark}){{{body.cells.width - 1}}}[^{mark}\n]*\n"
    several = pl.any_horizontal(pl.all().str.contains(inner_row)).fill_null(value=False)
    if not (lines := body.lines.filter(body.cells.select(several).to_series())).len():
        return ()
    return (
        f"A cell that ends on line {lines[0]} holds whole rows. If they are rows, a quote there is unclosed",
    )
