"""What each import was: a small file of the home for each, so that it can be listed and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from features.home import Home
from features.store.files import read_whole, write_whole

if TYPE_CHECKING:
    from features.importers.summary import CatalogueSummary


class ImportRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One import. id: in file names and commands; source, received_at: what its rows of the history have.

    money: currency -> what was taken of orders, less discounts and refunds. new_products, new_aliases: ids
    that were not known before. undone_at: when it was taken back. kind: "orders" or "catalogue".
    """

    id: str
    received_at: datetime
    files: tuple[str, ...]
    kind: str
    format: str
    source: str
    rows: int
    taken: int
    orders: int = 0
    money: dict[str, float] = {}
    first: datetime | None = None
    last: datetime | None = None
    new_products: tuple[str, ...] = ()
    new_aliases: tuple[str, ...] = ()
    undone_at: datetime | None = None


def rejects_path(home: Home, source: Path, at: datetime) -> Path:
    """Path of the file for an import's rejects; nothing is created."""
    stem = source.name.split(".")[0] or "file"
    return home.root / "reports" / f"rejects-{stem}-{at:%Y%m%dT%H%M%S%f}.csv"


class NoSuchImport(ValueError):
    """There is no import of that id; the message says where they are listed."""


def new_id(home: Home, now: datetime) -> str:
    """The moment as digits, with a number behind it where another import began in the same second."""
    begun, number = f"{now:%Y%m%d-%H%M%S}", 1
    taken = {path.stem for path in home.root.glob(f"imports/{begun}*.json")}
    while (name := begun if number == 1 else f"{begun}-{number}") in taken:
        number += 1
    return name


def write_record(home: Home, record: ImportRecord) -> None:
    """Write it, or write it anew. Raises OSError."""
    write_whole(home.imports / f"{record.id}.json", msgspec.json.format(msgspec.json.encode(record)))


def record_catalogue(home: Home, summary: CatalogueSummary, now: datetime) -> None:
    """Write down that a catalogue was imported; what it replaced is not kept."""
    write_record(
        home,
        ImportRecord(
            id=new_id(home, now),
            received_at=now,
            files=tuple(Path(file).name for file in summary.source.split(", ")),
            kind="catalogue",
            format=summary.format,
            source=summary.format,
            rows=summary.rows,
            taken=summary.taken,
        ),
    )


def remove_record(home: Home, record: ImportRecord) -> None:
    """Forget an import that did not come about."""
    (home.imports / f"{record.id}.json").unlink(missing_ok=True)


def read_record(home: Home, id: str) -> ImportRecord:
    """The import of that id, or the only one whose id begins so. Raises NoSuchImport, msgspec.DecodeError."""
    found = [record for record in records(home) if record.id.startswith(id)] if id else []
    exact = [record for record in found if record.id == id] or found
    if len(exact) == 1:
        return exact[0]
    several = f"Several begin with {id!r}" if exact else f"There is no import {id!r}"
    raise NoSuchImport(f"{several}: `perennial imports` lists them.")


def records(home: Home) -> Iterator[ImportRecord]:
    """All imports, the oldest first. Raises msgspec.DecodeError where a file is damaged."""
    for path in sorted(home.root.glob("imports/*.json"), key=lambda path: path.stem):
        if content := read_whole(path):
            yield msgspec.json.decode(content, type=ImportRecord)
