"""Quotes that break the rules of CSV, such as the inch mark of 10" bowl, made to follow them."""

import csv
import re
from io import StringIO
from typing import NamedTuple

import numpy as np

from features.importers.refusal import ImportRefused

QUOTE, LINE_FEED, RETURN = b'"\n\r'
BLOCK_BYTES = 32_000_000
MOST_LINES_OF_A_CELL = 1_000


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
    grammar = _grammar(delimiter)
    lines = text.decode().split("\n")
    sound: list[str] = []
    n = 0
    while n < len(lines):
        if '"' not in lines[n]:
            sound.append(lines[n])
            n += 1
            continue
        cells, used = _record(lines, n, grammar)
        if not used:
            raise ImportRefused(
                f"{name}: The quotes around line {first_line + n} are not closed. "
                'A " inside a cell must be doubled.'
            )
        sound.append(_written(cells, delimiter))
        n += used
    return "\n".join(sound).encode()


class _Grammar(NamedTuple):
    cell: re.Pattern[str]
    delimiter: str


def _grammar(delimiter: str) -> _Grammar:
    """A cell is quoted by the rules, or quoted with stray quotes inside on one line, or plain text."""
    end = rf"(?={re.escape(delimiter)}|\Z)"
    quoted = rf' *"((?:[^"]++|"")*+)" *{end}'
    loosely_quoted = rf' *"([^\n]*?)" *{end}'
    plain = rf'(?! *"[^"\n]*\Z)([^{re.escape(delimiter)}\n]*){end}'
    return _Grammar(re.compile(f"{quoted}|{loosely_quoted}|{plain}"), delimiter)


def _record(lines: list[str], first: int, grammar: _Grammar) -> tuple[list[str], int]:
    """The cells of the row that begins on a line, and its number of lines; 0 if it never ends."""
    text = lines[first].rstrip("\r")
    for used in range(1, min(len(lines) - first, MOST_LINES_OF_A_CELL) + 1):
        if (cells := _cells(text, grammar)) is not None:
            return cells, used
        if first + used < len(lines):
            text += "\n" + lines[first + used].rstrip("\r")
    return [], 0


def _cells(text: str, grammar: _Grammar) -> list[str] | None:
    """The cells of a row; None if its last quoted cell is still open."""
    cells, at = [], 0
    while True:
        match = grammar.cell.match(text, at)
        if match is None:
            return None
        strict, loose, plain = match.groups()
        cells.append(strict.replace('""', '"') if strict is not None else loose if plain is None else plain)
        if match.end() == len(text):
            return cells
        at = match.end() + 1


def _written(cells: list[str], delimiter: str) -> str:
    stream = StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="").writerow(cells)
    return stream.getvalue()
