"""Files, folders, .zip archives and sheets as one table: those of the same columns are joined."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from features.importers.archive import files_inside, is_archive, is_hidden
from features.importers.content import MOST_BYTES, read_file
from features.importers.feed_xml import feed_table, looks_like_feed
from features.importers.refusal import ImportRefused
from features.importers.table import FileTable, as_table, is_spreadsheet, sheet_tables
from features.progress import Report

TABLE_SUFFIXES = (
    {".csv", ".tsv", ".tab", ".txt", ".gz", ".parquet", ".xml"}
    | {".xlsx", ".xlsm", ".xls", ".ods"}
    | {".jsonl", ".ndjson", ".json"}
)
"""A file of these names that cannot be read refuses the import; any other (a picture, say) is left out."""


Likeness = Callable[[pl.DataFrame], float]
"""How much the first rows of a table look like those of the table wanted, from 0 to 1."""
FIRST_ROWS = 1_000


class Part(NamedTuple):
    """One table of several, and what it is called."""

    name: str
    table: FileTable

    @property
    def headers(self) -> dict[str, str]:
        """Plain name -> the part's own header."""
        return {re.sub(r"\W", "", name.lower()) or name: name for name in reversed(self.table.cells.columns)}


def read_tables(
    paths: Sequence[Path], likeness: Likeness, *, sheet: str | None = None, report: Report
) -> FileTable:
    """The rows of all files, of the files in a folder or .zip, and of a spreadsheet's sheets.

    Of tables with different columns those are read that have the greatest `likeness`; the others are named in
    the notes. sheet: the name or the number, from 1, of the only sheet to read.
    Raises ImportRefused where nothing can be read, or one of the files is damaged.
    """
    files = [file for path in paths for file in _files(path)]
    if sum(file.stat().st_size for file in files if file.is_file()) > MOST_BYTES:
        raise ImportRefused(f"More than {MOST_BYTES // 1_000_000:,} MB at once. Import a year at a time.")
    return join_tables(((file.name, read_file(file, report)) for file in files), likeness, sheet=sheet)


def join_tables(
    contents: Iterable[tuple[str, bytes]], likeness: Likeness, *, sheet: str | None = None
) -> FileTable:
    """The same of files that were read already, each with its name."""
    unread: list[str] = []
    parts = [part for name, content in contents for part in _parts(content, name, sheet, unread)]
    if not parts:
        raise ImportRefused(f"There is no table in it, only {'; '.join(unread) or 'nothing'}.")
    chosen, others = _alike(parts, likeness)
    unread += [f"{part.name} ({', '.join(part.table.cells.columns[:6])})" for part in others]
    read = ", ".join(part.name for part in chosen)
    notes = (f"NOT READ: {'; '.join(unread)}. The columns wanted are in {read}",) if unread else ()
    return _joined(chosen, notes)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = sorted(each for each in path.rglob("*") if each.is_file())
    visible = [each for each in inside if not is_hidden(str(each.relative_to(path)))]
    if not visible:
        raise ImportRefused(f"There are no files in {path}. Check the path.")
    return visible


def _parts(content: bytes, name: str, sheet: str | None, unread: list[str]) -> Iterator[Part]:
    """The tables of a file; what is none, by its name, goes to `unread`."""
    if is_archive(content):
        for inner, file in files_inside(content, name):
            if is_archive(file):
                raise ImportRefused(f"{name} holds another .zip, {inner}. Unpack it and import the folder.")
            yield from _parts(file, inner, sheet, unread)
    elif is_spreadsheet(content):
        for of_sheet, table in sheet_tables(content, name, sheet):
            yield Part(f"{name}, sheet {of_sheet!r}", table)
    else:
        try:
            yield Part(
                name, feed_table(content, name) if looks_like_feed(content) else as_table(content, name)
            )
        except ImportRefused:
            if Path(name).suffix.lower() in TABLE_SUFFIXES | {""}:
                raise
            unread.append(name)


def _alike(parts: list[Part], likeness: Likeness) -> tuple[list[Part], list[Part]]:
    """The part that is most like the table wanted with those that can be joined to it, and all others.

    Those are of the same columns, or have all that is wanted and some columns more or less.
    """
    if len(parts) == 1:
        return parts, []
    likenesses = [likeness(part.table.cells.head(FIRST_ROWS)) for part in parts]
    most = max(likenesses)
    best = parts[likenesses.index(most)]

    def joins(part: Part, its: float) -> bool:
        ours, theirs = best.headers.keys(), part.headers.keys()
        whole = its == most == 1 and (ours <= theirs or theirs <= ours)
        return part is best or (_is_json(part) == _is_json(best) and (ours == theirs or whole))

    joined = [part for part, its in zip(parts, likenesses, strict=True) if joins(part, its)]
    return joined, [part for part in parts if not any(part is each for each in joined)]


def _is_json(part: Part) -> bool:
    return part.table.kind == "jsonl"


def _joined(parts: list[Part], notes: tuple[str, ...]) -> FileTable:
    first = parts[0].table
    if len(parts) == 1:
        return replace(first, notes=(*first.notes, *notes))
    spelling = {plain: name for part in reversed(parts) for plain, name in part.headers.items()}
    tables = [part.table for part in parts]
    cells = [
        part.table.cells.select(pl.col(own).alias(spelling[plain]) for plain, own in part.headers.items())
        for part in parts
    ]
    own_notes = [f"{part.name}: {note}" for part in parts for note in part.table.notes]
    together = (
        f"Read together: {', '.join(f'{part.name} ({part.table.cells.height:,} rows)' for part in parts)}"
    )
    return FileTable(
        cells=pl.concat(cells, how="diagonal"),
        lines=pl.concat([table.lines for table in tables]),
        surplus=pl.concat([table.surplus for table in tables]),
        kind=first.kind,
        encoding=", ".join(dict.fromkeys(table.encoding for table in tables)),
        notes=(together, *own_notes, *notes),
        files=pl.concat([pl.repeat(part.name, part.table.cells.height, eager=True) for part in parts]),
    )
