"""The shapes of questions and answers about files to be imported and imports."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from features.importers.records import ImportRecord

Kind = Literal["orders", "catalogue", "customers"]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
UploadId = Annotated[str, msgspec.Meta(pattern=r"^f-[0-9a-f]{16}\Z")]


class FileAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """kind: where it is known; sheet: of a spreadsheet, by name or number from 1."""

    kind: Kind | None = None
    sheet: Word | None = None


class UploadAsk(FileAsk, frozen=True, forbid_unknown_fields=True):
    """name: the file's own, whose end tells what it may be."""

    name: Annotated[str, msgspec.Meta(max_length=300)] = "upload.csv"


class UploadedFile(msgspec.Struct, frozen=True):
    """A file that waits to be imported, as `perennial import preview` sees it.

    columns: our name -> the file's header; doubts: our name -> why it may be another; names: all that may be
    mapped, and of each list in needed one must be; samples: the first rows under `headers`. problem: why it
    cannot be taken as it is.
    """

    id: str
    file: str
    kind: Kind
    format: str
    why: str
    rows: int
    headers: list[str]
    samples: list[list[str]]
    columns: dict[str, str]
    doubts: dict[str, str]
    names: list[str]
    needed: list[list[str]]
    missing: list[str]
    notes: list[str]
    problem: str | None


class ImportAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `perennial import` takes. map: our name -> the file's header; guess: further columns of an unknown
    table of orders may be guessed. exported: when a file of customers was, for the consents in it;
    retire_missing: a catalogue lists all that is sold. dry_run: what would happen; nothing is changed."""

    file: UploadId
    kind: Kind = "orders"
    map: dict[Word, Word] = {}
    guess: bool = True
    format: Word | None = None
    sheet: Word | None = None
    decimal: Literal[".", ","] | None = None
    zone: Word | None = None
    exported: datetime | None = None
    retire_missing: bool = False
    dry_run: bool = False


class ImportProgress(msgspec.Struct, frozen=True):
    """total 0: unknown."""

    step: str
    done: int
    total: int


class Rejects(msgspec.Struct, frozen=True):
    """The first rows that were set aside: `file` (of several), `line`, `reason`, and the row's own cells.
    file: all of them, in `reports/` of the home."""

    file: str
    columns: list[str]
    rows: list[list[str]]


class ImportState(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came by HTTP, or an import. waiting: to be imported; checked: by a dry run; refused,
    stopped: `problem` says why.

    summary: what `perennial import --json` prints; record: as `perennial imports` lists it.
    """

    id: str
    state: Literal["waiting", "running", "checked", "imported", "refused", "stopped", "taken_back"]
    file: str
    at: datetime
    ask: ImportAsk | None = None
    progress: ImportProgress | None = None
    summary: dict[str, Any] | None = None
    problem: str | None = None
    record: ImportRecord | None = None
    rejects: Rejects | None = None


class Imports(msgspec.Struct, frozen=True):
    """imports: all, newest first; files: those that came by HTTP in the last day, newest first."""

    imports: list[ImportRecord]
    files: list[ImportState]


class TakenBack(msgspec.Struct, frozen=True):
    """kept_products: those that the import brought and something else needs now. next: what is to be done."""

    id: str
    rows: int = 0
    products: int = 0
    kept_products: int = 0
    aliases: int = 0
    next: str = ""
