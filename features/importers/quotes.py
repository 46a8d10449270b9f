"""Quotes that break the rules of CSV, such as the inch mark of 10" bowl, made to follow them."""

import csv
import re
from io import StringIO

import numpy as np

from features.importers.refusal import ImportRefused

QUOTE, LINE_FEED, RETURN = b'"\n\r'
BLOCK_BYTES = 32_000_000
MOST_LINES_OF_A_CELL = 200


def has_stray_quotes(text: bytes, delimiter: str) -> bool:
    """Whether any quote neither opens a cell, nor closes one, nor is doubled inside one.

    In sound CSV each second quote closes: it stands before a delimiter or a line end, or before the quote
    that doubles it; each other quote opens, behind one of those. The check runs on arrays of bytes.
    """
    edges = np.frombuffer(delimiter.encode() + b'\n\r"', np.uint8)
    content = np.frombuffer(text, np.uint8)
    seen = 0
    for start in range(0, len(content), BLOCK_BYTES):
        places = np.flatnonzero(content[start : start + BLOCK_BYTES] == QUOTE) + start
        opening, closing = places[seen % 2 :: 2], places[1 - seen % 2 :: 2]
        before = content[opening[opening > 0] - 1]
        after = content[closing[closing < len(content) - 1] + 1]
        if not (np.isin(before, edges).all() and np.isin(after, edges).all()):
            return True
        seen += len(places)
    return seen % 2 == 1


def repaired(text: bytes, delimiter: str, name: str, first_line: int) -> bytes:
    """The same cells in sound CSV, with as many lines; first_line: the number of the first in its file.

    Raises ImportRefused, with the line, where a cell is opened and never closed.
    """
    cell = _cell_pattern(delimiter)
    lines = text.decode().split("\n")
    sound: list[str] = []
    n = 0
    while n < len(lines):
        if '"' not in lines[n]:
            sound.append(lines[n])
            n += 1
            continue
        cells, used = _record(lines, n, cell)
        if cells is None:
            raise ImportRefused(
                f"{name}: The quotes around line {first_line + n} are not closed. "
                'A " inside a cell must be doubled.'
            )
        sound.append(_written(cells, delimiter))
        n += used
    return "\n".join(sound).encode()


def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    """A cell: quoted by the rules; quoted, on one line, with single quotes inside; or plain text."""
    mark = re.escape(delimiter)
    end = rf"(?={mark}|\Z)"
    quoted = rf' *"((?:[^"]++|"")*+)" *{end}'
    loosely_quoted = rf' *"((?:[^"\n]++|""|"(?!"| *(?:{mark}|\Z)))*+)" *{end}'
    return re.compile(rf"{quoted}|{loosely_quoted}|([^{mark}\n]*){end}")


def _record(lines: list[str], first: int, cell: re.Pattern[str]) -> tuple[list[str] | None, int]:
    """The cells of the row that begins on a line, and its number of lines; None if it never ends."""
    text = begins = lines[first].rstrip("\r")
    if (cells := _cells(text, cell)) is not None:
        return cells, 1
    for used, line in enumerate(lines[first + 1 : first + MOST_LINES_OF_A_CELL], 2):
        text += "\n" + line.rstrip("\r")
        if '"' in line and (cells := _cells(text, cell)) is not None:
            return cells, used
    return _cells(begins, cell, open_too=True), 1


def _cells(text: str, cell: re.Pattern[str], *, open_too: bool = False) -> list[str] | None:
    """The cells of a row; None if one is still open. open_too: one with further quotes is text, too."""
    cells, at = [], 0
    while match := cell.match(text, at):
        strict, loose, plain = match.groups()
        if plain is not None and plain.lstrip(" ").startswith('"') and plain.count('"') % 2:
            if not open_too or plain.count('"') == 1:
                return None
            plain = plain.strip(" ").removeprefix('"').removesuffix('"')
        quoted = strict if strict is not None else loose
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        if match.end() == len(text):
            return cells
        at = match.end() + 1
    return None


def _written(cells: list[str], delimiter: str) -> str:
    stream = StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="").writerow(cells)
    return stream.getvalue()
