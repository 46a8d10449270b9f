"""Forgetting people in the files of a home: parquet files lose rows, lists of rejects lose lines."""

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from features.home import Home
from features.people.names import KEY_FILE, people_key
from features.privacy.person import PersonIds
from features.store.files import replacing, write_whole

IDS_OF_A_PATTERN = 2_000


def forget_rows(folder: Path, person: PersonIds) -> int:
    """Rewrite the parquet files that hold rows of theirs; returns how many rows are gone.

    A file that had no other rows stays, empty: whoever reads the folder may have listed it already. Call this
    under the archive's lock.
    """
    return sum(_forget_rows(path, person) for path in sorted(folder.glob("*/*.parquet")))


def _forget_rows(path: Path, person: PersonIds) -> int:
    rows = pl.scan_parquet(path)
    columns = rows.collect_schema().names()
    theirs = person.rows(set(columns))
    number = int(rows.select(theirs.sum()).collect().item() or 0)
    if number:
        kept = rows.filter(~theirs).collect()
        with replacing(path) as fresh:
            kept.write_parquet(fresh)
    return number


def forget_lines(home: Home, person: PersonIds) -> int:
    """Rewrite lists of unreadable events and of rejected lines without theirs; returns how many are gone.

    A line is theirs where one of their ids stands in it as a word of its own, or their address or number.
    """
    is_theirs = _search(home, person)
    gone = 0
    for path in texts_about_people(home):
        lines = _lines(path)
        kept = [line for line in lines if not is_theirs(line)]
        if len(kept) < len(lines):
            write_whole(path, "".join(kept).encode())
            gone += len(lines) - len(kept)
    return gone


def lines_about(home: Home, person: PersonIds) -> dict[str, list[str]]:
    """What `forget_lines` would take away, by file."""
    is_theirs = _search(home, person)
    found = {
        path.name: [line for line in _lines(path) if is_theirs(line)] for path in texts_about_people(home)
    }
    return {name: lines for name, lines in found.items() if lines}


def texts_about_people(home: Home) -> list[Path]:
    """Files of lines from events and imports, as they came."""
    return sorted([*home.root.glob("poison/*.jsonl"), *home.root.glob("reports/rejects-*.csv")])


def forget_uploads(home: Home) -> None:
    """Remove files that were sent to be imported: whom they name is not known before they are read."""
    for folder in home.root.glob("uploads/*"):
        shutil.rmtree(folder, ignore_errors=True)


def _lines(path: Path) -> list[str]:
    """Of a CSV file its records, which may hold line breaks."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if path.suffix != ".csv":
        return text.splitlines(keepends=True)
    return [_csv_line(record) for record in csv.reader(io.StringIO(text, newline=""))]


def _csv_line(record: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(record)
    return line.getvalue()


def _search(home: Home, person: PersonIds) -> Callable[[str], bool]:
    """Whether a line is theirs."""
    patterns = [*_patterns(person)]
    key = people_key(home) if (home.root / KEY_FILE).exists() else None

    def is_theirs(line: str) -> bool:
        named = any(pattern.search(line) for pattern in patterns)
        return named or (key is not None and not person.customers.isdisjoint(key.names_in(line)))

    return is_theirs


def _patterns(person: PersonIds) -> Iterator[re.Pattern[str]]:
    names = sorted(person.customers | person.browsers | person.sessions | person.orders | person.events)
    for start in range(0, len(names), IDS_OF_A_PATTERN):
        words = "|".join(map(re.escape, names[start : start + IDS_OF_A_PATTERN]))
        yield re.compile(rf"(?<!\w)(?:{words})(?!\w)")
