"""What a file seems to be, before anything is taken: its kind, its format, which column is what."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from features.home import Home
from features.importers.catalogue import looks_like_catalogue
from features.importers.catalogue_formats import CATALOGUE_FORMATS
from features.importers.catalogues.merchant import PLAIN
from features.importers.choice import Wishes, catalogue_format, choose_format, looks_like_orders, mappable
from features.importers.customer_columns import CUSTOMERS, NAMES, customer_format, looks_like_customers
from features.importers.files import Likeness, read_tables
from features.importers.formats import ORDER_FORMATS, fitting
from features.importers.guesses import CUSTOMER, IN_WORDS, NEEDS, Guess, guess
from features.importers.mapping import MAPPED
from features.importers.order_lines import MAPPABLE
from features.importers.refusal import ImportRefused
from features.importers.table import FileTable
from features.progress import Report, silent

Kind = Literal["orders", "catalogue", "customers"]
LIKENESS: Mapping[Kind, Likeness] = {
    "orders": looks_like_orders,
    "catalogue": looks_like_catalogue,
    "customers": looks_like_customers,
}
SAMPLES, LONGEST_CELL = 3, 80
ORDER_NEEDS = [["order_id", *CUSTOMER], *(list(NEEDS[need]) for need in ("timestamp", "product", "price"))]
WHO = [["customer_id", "email"]]


@dataclass(frozen=True, kw_only=True)
class FilePreview:
    """format: by name, "" where none fits. columns: our name -> the file's header; doubts: our name -> why it
    may be another. names: all that may be mapped; needed: of each list, one. missing: in words. samples: the
    first rows under `headers`. problem: why the file cannot be taken as it is."""

    file: str
    kind: Kind
    format: str
    why: str
    rows: int
    headers: list[str]
    samples: list[list[str]]
    columns: Mapping[str, str]
    doubts: Mapping[str, str]
    names: Sequence[str]
    needed: Sequence[Sequence[str]]
    missing: Sequence[str]
    notes: Sequence[str]
    problem: str | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value of everything a person wants to read, in order."""
        yield "File", f"{self.file}, {self.rows:,} rows"
        yield "Seems to be", f"{self.kind}, {self.format or 'of no format known by name'} ({self.why})"
        for name, header in self.columns.items():
            doubt = f" ({self.doubts[name]})" if name in self.doubts else ""
            cells = " | ".join(row[self.headers.index(header)] for row in self.samples)
            yield f"  {name}", f"{header}{doubt}: {cells}"
        for each in self.missing:
            yield "Not found", each
        for note in self.notes:
            yield "Please note", note
        if self.problem:
            yield "Not taken as it is", self.problem


def preview_file(
    home: Home, file: Path, *, kind: Kind | None = None, sheet: str | None = None, report: Report = silent
) -> FilePreview:
    """kind: where it is known. Raises ImportRefused where the file cannot be read."""
    table = read_tables([file], LIKENESS[kind] if kind else _likeness, sheet=sheet, report=report)
    kind = kind or _kind(table)
    found = _FINDERS[kind](home, table, file.name)
    first = table.cells.head(SAMPLES).fill_null("")
    return FilePreview(
        file=file.name,
        kind=kind,
        rows=table.cells.height,
        headers=table.cells.columns,
        samples=[[cell[:LONGEST_CELL] for cell in row] for row in first.iter_rows()],
        notes=table.notes,
        **found,
    )


def _likeness(cells: pl.DataFrame) -> float:
    return max(likeness(cells) for likeness in LIKENESS.values())


def _kind(table: FileTable) -> Kind:
    if table.kind == "jsonl" or fitting(ORDER_FORMATS, table):
        return "orders"
    if catalogue_format(table):
        return "catalogue"
    is_sold = not {"product", "price"} & set(guess(table.cells, {}).missing)
    return "orders" if is_sold or _customers_problem(table) else "customers"


def _orders(home: Home, table: FileTable, name: str) -> dict[str, Any]:
    guessed = Guess({}, {}, []) if table.kind == "jsonl" else guess(table.cells, {})
    asked: list[Guess] = []

    def note(_: pl.DataFrame, its: Guess) -> Mapping[str, str] | None:
        asked.append(its)
        return None if its.missing else its.columns

    try:
        chosen = choose_format(home, table, Wishes(ask=note, command=name))
    except ImportRefused as refused:
        return _found("", "columns guessed", guessed.columns, MAPPABLE, ORDER_NEEDS) | {
            "doubts": guessed.doubts,
            "missing": [*(IN_WORDS[need] for need in guessed.missing), *guessed.unread],
            "problem": str(refused),
        }
    if asked:
        found = _found(MAPPED, "columns guessed", guessed.columns, MAPPABLE, ORDER_NEEDS)
        return found | {"doubts": guessed.doubts}
    known = ORDER_FORMATS.get(chosen.format.name)
    columns = {} if table.kind == "jsonl" else chosen.format.headers(table.cells)
    needed = [need.split("|") for need in known.required] if known else ORDER_NEEDS
    return _found(chosen.format.name, chosen.why, columns, mappable(known) if known else MAPPABLE, needed)


def _catalogue(_: Home, table: FileTable, __: str) -> dict[str, Any]:
    fits = fitting(CATALOGUE_FORMATS, table)
    chosen = fits or PLAIN
    why = f"has its columns {', '.join(fits.needed())}" if fits else "columns guessed"
    needed = [need.split("|") for need in chosen.required]
    found = _found(fits.name if fits else "", why, chosen.headers(table.cells), [*chosen.columns], needed)
    missing = chosen.missing(table.cells)
    problem = f"A catalogue needs the column {', '.join(missing)}." if missing else None
    return found | {"missing": missing, "problem": problem}


def _customers(_: Home, table: FileTable, __: str) -> dict[str, Any]:
    if problem := _customers_problem(table):
        found = _found("", "columns guessed", {}, NAMES, WHO)
        return found | {"missing": ["customer_id or email"], "problem": problem}
    columns = customer_format(table, ()).headers(table.cells)
    return _found(CUSTOMERS, "columns found by their headers", columns, NAMES, WHO)


def _customers_problem(table: FileTable) -> str | None:
    try:
        customer_format(table, ())
    except ImportRefused as refused:
        return str(refused)
    return None


def _found(
    format: str,
    why: str,
    columns: Mapping[str, str],
    names: Iterable[str],
    needed: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """The fields of a preview where nothing is wrong."""
    own = dict(columns)
    return {
        "format": format,
        "why": why,
        "columns": own,
        "doubts": {},
        "names": list(dict.fromkeys(names)),
        "needed": needed,
        "missing": [],
        "problem": None,
    }


_FINDERS: Mapping[Kind, Callable[[Home, FileTable, str], dict[str, Any]]] = {
    "orders": _orders,
    "catalogue": _catalogue,
    "customers": _customers,
}
