"""How a table of orders is read: as it was asked for, as last time, by its columns, or as guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from features.home import Home
from features.importers.catalogue_formats import CATALOGUE_FORMATS
from features.importers.events_table import EVENTS_TABLE
from features.importers.formats import (
    AUTO,
    ORDER_FORMATS,
    fitting,
    no_known_format,
    pick_requested,
    with_columns,
)
from features.importers.guesses import NEEDS, Guess, guess
from features.importers.lines import Format
from features.importers.mapping import (
    MAPPED,
    Ask,
    check_needs,
    given_columns,
    mapped_format,
    recall,
    refused_guess,
    suggestion,
)
from features.importers.online_retail import ONLINE_RETAIL
from features.importers.order_lines import MAPPABLE
from features.importers.refusal import ImportRefused
from features.importers.table import JSON_LINE, FileTable


@dataclass(frozen=True)
class Wishes:
    """What whoever imports said. format: AUTO or a name of ORDER_FORMATS; maps: `our name=header`; ask: for
    columns that were guessed; command: the files and options, to say the command again."""

    format: str = AUTO
    maps: Sequence[str] = ()
    ask: Ask | None = None
    command: str = "FILE"


@dataclass(frozen=True)
class Choice:
    """How a table is read, and why. columns: to be remembered for the next such file, if any. correction: of
    columns that nobody confirmed, the command to put right."""

    format: Format
    why: str
    warnings: tuple[str, ...] = ()
    columns: Mapping[str, str] | None = None
    correction: str | None = None


def looks_like_orders(cells: pl.DataFrame) -> float:
    """From 0 to 1: the largest share that is there of the columns that a format, or any orders, need."""
    known = max(each.share(cells) for each in ORDER_FORMATS.values())
    return max(known, 1 - len(guess(cells, {}).missing) / len(NEEDS)) if known < 1 else 1.0


def choose_format(home: Home, table: FileTable, wishes: Wishes) -> Choice:
    """Raises ImportRefused where the table cannot be read, with what to do."""
    if table.kind == "jsonl":
        return _json_events(table, wishes)
    choice = _chosen(home, table, wishes)
    if choice.format.instead:
        raise ImportRefused(choice.format.instead)
    return choice


def _chosen(home: Home, table: FileTable, wishes: Wishes) -> Choice:
    headers = table.cells.columns
    if wishes.format not in {AUTO, MAPPED}:
        known = ORDER_FORMATS.get(wishes.format)
        given = given_columns(wishes.maps, headers, mappable(known) if known else MAPPABLE)
        chosen = pick_requested(ORDER_FORMATS, table, wishes.format, given)
        return Choice(chosen, "as asked for", _noted(chosen), given or None)
    if not wishes.maps and wishes.format == AUTO:
        if last_time := _as_last_time(home, table):
            return last_time
        if fits := fitting(ORDER_FORMATS, table):
            return Choice(fits, f"has its columns {', '.join(fits.needed())}", _noted(fits))
        refuse_catalogue(table, wishes.command)
    return _mapped(table, wishes)


def _as_last_time(home: Home, table: FileTable) -> Choice | None:
    kept = recall(home, table.cells.columns)
    if kept is None:
        return None
    name, columns, path = kept
    known = ORDER_FORMATS.get(name)
    chosen = with_columns(known, columns) if known else mapped_format(columns)
    if missing := chosen.missing(table.cells):
        raise ImportRefused(f"{path} lacks {', '.join(missing)}: correct it, or delete it to be asked again.")
    return Choice(chosen, f"as {path.name} says", _noted(chosen))


def _mapped(table: FileTable, wishes: Wishes) -> Choice:
    """A table in no known format, or one whose columns are given."""
    headers = table.cells.columns
    fits = fitting(ORDER_FORMATS, table) if wishes.maps and wishes.format == AUTO else None
    given = given_columns(wishes.maps, headers, mappable(fits) if fits else MAPPABLE)
    if fits and not fits.instead:
        return Choice(
            with_columns(fits, given), f"{fits.name}'s columns, and those given", _noted(fits), given
        )
    guessed = guess(table.cells, given)
    columns = wishes.ask(table.cells, guessed) if wishes.ask else None
    if columns is None and not guessed.is_confident:
        raise refused_guess(guessed, headers, no_known_format(ORDER_FORMATS, table), wishes.command)
    check_needs(chosen := columns or guessed.columns, headers, wishes.command)
    if columns:
        return Choice(mapped_format(chosen), "columns given", columns=chosen)
    warnings = _guessed(guessed, given)
    correction = suggestion(wishes.command, guessed.columns, between=" ") if warnings else None
    return Choice(mapped_format(chosen), "columns guessed", warnings, chosen, correction)


def mappable(each: Format) -> Sequence[str]:
    """Our names that may be given for a format: all of an order's where its reader knows them."""
    return tuple(each.columns) if each in (EVENTS_TABLE, ONLINE_RETAIL) else (*MAPPABLE, *each.columns)


def _guessed(guessed: Guess, given: Mapping[str, str]) -> tuple[str, ...]:
    """What is said loudly of columns that nobody confirmed."""
    free = {name: header for name, header in guessed.columns.items() if name not in given}
    if not free:
        return ()
    found = ", ".join(f"{name} = {header!r}" for name, header in free.items())
    return (
        f"Columns were guessed: {found}. If one is wrong, take the import back (`perennial import undo`) and "
        "say it, with the command below",
    )


def refuse_catalogue(table: FileTable, command: str) -> None:
    """Raises ImportRefused for a table of products that has neither orders nor events."""
    if fits := catalogue_format(table):
        raise ImportRefused(
            f"This is a catalogue ({fits.name}: {', '.join(fits.needed())}), not orders. "
            f"Nothing was taken. Try:\nperennial import catalogue {command}"
        )


def catalogue_format(table: FileTable) -> Format | None:
    """The format of a table of products that tells of no orders; None of any other."""
    found = guess(table.cells, {}).columns.keys()
    tells_of_orders = found & {"order_id", "email", "customer_id"} or found >= {"timestamp", "quantity"}
    return None if tells_of_orders else fitting(CATALOGUE_FORMATS, table)


def refuse_orders(table: FileTable, command: str) -> None:
    """Raises ImportRefused for a table of orders or events that was taken for a catalogue."""
    fits = fitting(ORDER_FORMATS, table) if table.kind != "jsonl" else EVENTS_TABLE
    named = f"{fits.name}: {', '.join(fits.needed())}" if fits else ""
    if not fits and not _looks_ordered(table):
        return
    raise ImportRefused(
        f"These are orders or events{f' ({named})' if named else ''}, not a catalogue. "
        f"Nothing was taken. Try:\nperennial import orders {command}"
    )


def _looks_ordered(table: FileTable) -> bool:
    """Whether it has a quantity sold, and its order and time."""
    found = guess(table.cells, {})
    return {"order_id", "timestamp"} <= found.columns.keys() and not {
        "order_id",
        "timestamp",
    } & found.doubts.keys()


def _noted(chosen: Format) -> tuple[str, ...]:
    return (chosen.note,) if chosen.note else ()


def _json_events(table: FileTable, wishes: Wishes) -> Choice:
    first = next(iter(table.cells[JSON_LINE]), "")
    if '"line_items"' in first or '"lineItems"' in first:
        raise ImportRefused(
            "These are orders as the shop's interface for programs writes them. Export them in the shop's "
            "administration as a table (`perennial import formats` says where), or write a row a product."
        )
    if wishes.format not in {AUTO, EVENTS_TABLE.name}:
        raise ImportRefused(f"JSON lines are events, not {wishes.format}: use --format events.")
    if wishes.maps:
        raise ImportRefused("JSON lines have no columns: leave --map out, or write the events as a table.")
    return Choice(EVENTS_TABLE, "its lines are JSON objects")
