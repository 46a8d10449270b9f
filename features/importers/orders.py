"""`perennial import orders`: a file of orders or events into the history, whole or not at all."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from features.catalogue.products import add_aliases, merge_products
from features.events.bounds import LARGEST_ORDER
from features.history.events_parquet import schema, write_rows
from features.home import Home
from features.importers.checks import with_reasons, with_row_reasons, with_values
from features.importers.choice import Wishes, choose_format, looks_like_orders
from features.importers.duplicates import duplicates
from features.importers.erased_people import ERASED, with_erased
from features.importers.events_jsonl import jsonl_lines
from features.importers.existing import Existing, read_existing
from features.importers.files import read_tables
from features.importers.gaps import gaps, nameless
from features.importers.intake import Intake, plan_intake
from features.importers.lines import Format, completed
from features.importers.mapping import remember
from features.importers.numbers import with_plain_numbers
from features.importers.reasons import RejectReason
from features.importers.records import ImportRecord, new_id, remove_record, write_record
from features.importers.refusal import ImportRefused
from features.importers.rejects import are_rejects, rejects_path, write_rejects
from features.importers.summary import OrdersSummary
from features.importers.table import FileTable
from features.importers.takings import takings
from features.importers.totals import totals
from features.progress import Report, silent
from features.store.tombstones import read_tombstones

WISHES = Wishes()


def import_orders(  # noqa: PLR0913
    home: Home,
    path: Path | Sequence[Path],
    *,
    wishes: Wishes = WISHES,
    sheet: str | None = None,
    decimal: str | None = None,
    zone: str = "UTC",
    dry_run: bool = False,
    received_at: datetime,
    largest_order: float = LARGEST_ORDER,
    report: Report = silent,
) -> OrdersSummary:
    """Take every good line that is not in the history yet; set bad ones aside with a reason.

    path: files of the same columns, folders or .zip archives of them. sheet: of a spreadsheet, by name or
    number from 1. decimal: "." or ",", by default found in the file. zone: of times that name none.
    largest_order: what is worth more is set aside. A dry run writes nothing and returns the same summary.
    Raises ImportRefused, the home unchanged, where the file cannot be taken at all.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    table = read_tables(paths, looks_like_orders, sheet=sheet, report=report)
    choice = choose_format(home, table, wishes)
    if table.cells.is_empty():
        raise ImportRefused(f"{paths[0].name} has a header and no rows. Export the period you want again.")
    height = table.cells.height
    report("checking", 0, height)
    lines, aside, remarks = _checked(table, choice.format, received_at, largest_order, decimal, zone, report)
    report("checking", height, height)
    lines = with_erased(lines, read_tombstones(home)) if home.root.exists() else lines
    bad = lines.filter(pl.col("reason").is_not_null())["row"]
    set_aside = pl.concat([bad, aside["row"]]).unique().sort()
    table = table.only(set_aside)  # the memory of all other cells is free from here on
    report("joining refunds", 0, lines.height)
    existing = read_existing(home)
    intake = plan_intake(lines, aside, choice.format.name, existing, are_rejects=are_rejects(table))
    shown = not dry_run and intake.rejected.filter(~ERASED).height
    doubts = (*choice.warnings, *table.notes, *remarks.doubts, *intake.warnings)
    lacking = gaps(remarks.nameless, intake.fresh) if remarks.nameless is not None else ()
    summary = OrdersSummary(
        id=None if dry_run or intake.fresh.is_empty() else new_id(home, received_at),
        file=", ".join(map(str, paths)),
        format=choice.format.name,
        format_reason=choice.why,
        encoding=table.encoding,
        date_format=remarks.date_format,
        dry_run=dry_run,
        rows=height,
        rejects_file=str(rejects_path(home, paths[0], received_at)) if shown else None,
        warnings=(*doubts, *lacking),
        **_counts(intake),
    )
    if not dry_run:
        report("writing", 0, intake.fresh.height)
        record = _record(summary, paths, intake, existing, received_at)
        _write(home, intake, record, Rejects(table, set_aside, summary.rejects_file))
        if choice.columns:
            remember(home, table.cells.columns, choice.format.name, choice.columns)
        report("writing", intake.fresh.height, intake.fresh.height)
    return summary


def _record(
    summary: OrdersSummary, paths: Sequence[Path], intake: Intake, existing: Existing, received_at: datetime
) -> ImportRecord:
    new_products = intake.products.join(existing.products, on="product_id", how="anti")["product_id"]
    names = pl.concat([intake.other_names, intake.aliases]).unique("alias")
    new_aliases = names.join(existing.aliases, on="alias", how="anti")["alias"]
    return ImportRecord(
        id=summary.id or "",
        received_at=received_at,
        files=tuple(each.name for each in paths),
        kind="orders",
        format=summary.format,
        source=summary.format,
        rows=summary.rows,
        taken=summary.taken,
        orders=summary.orders,
        money={currency: each.revenue for currency, each in summary.money.items()},
        first=summary.first,
        last=summary.last,
        new_products=tuple(new_products),
        new_aliases=tuple(new_aliases),
    )


class Remarks(NamedTuple):
    """What is said of a file besides its lines. doubts: about numbers and times. nameless: see `gaps`; None
    of events."""

    date_format: str
    doubts: tuple[str, ...]
    nameless: pl.DataFrame | None


class Unchecked(NamedTuple):
    """lines: with all of LINE_COLUMNS, numbers and times maybe text. aside: `row`, `reason` and `detail` of
    rows that were not read. repeats: `row` and `first_line` of lines that repeat others. doubts: about
    numbers. nameless: as in Remarks."""

    lines: pl.DataFrame
    aside: pl.DataFrame
    repeats: pl.DataFrame
    doubts: tuple[str, ...] = ()
    nameless: pl.DataFrame | None = None


class Rejects(NamedTuple):
    """table: of these `rows` of the file alone. path: None where none is to be written."""

    table: FileTable
    rows: pl.Series
    path: str | None


def _checked(
    table: FileTable,
    chosen: Format,
    received_at: datetime,
    largest_order: float,
    decimal: str | None,
    zone: str,
    report: Report,
) -> tuple[pl.DataFrame, pl.DataFrame, Remarks]:
    """Lines with values, and a reason where they are bad; `row`, `reason`, `detail` of rows without lines."""
    read = _read(table, chosen, received_at, decimal, report)
    parsed, times = with_values(read.lines, zone)
    lines = with_reasons(parsed, table, read.repeats, received_at, largest_order)
    return lines, read.aside, Remarks(times.format, (*read.doubts, *times.warnings), read.nameless)


def _read(
    table: FileTable, chosen: Format, received_at: datetime, decimal: str | None, report: Report
) -> Unchecked:
    named = chosen.rows(table)
    repeats = duplicates(table, named, lines_are_units=chosen.lines_are_units)
    if table.kind == "jsonl":
        lines = jsonl_lines(table, received_at, report)
        return Unchecked(lines, lines.select("row", "reason", "detail").clear(), repeats)
    plain, doubts = with_plain_numbers(named, decimal)
    sums = totals(table, named, ("order_id", "timestamp"))
    others = repeats.select("row").join(sums, on="row", how="anti")
    aside = pl.concat([others, sums], how="diagonal").with_columns(detail=pl.lit(None, pl.String))
    lines = chosen.read(plain.filter(~pl.col("row").is_in(aside["row"].implode())))
    aside = with_row_reasons(aside, table, repeats)
    return Unchecked(completed(lines), aside, repeats.clear(), doubts, nameless(named))


def _write(home: Home, intake: Intake, record: ImportRecord, rejects: Rejects) -> None:
    """Write the whole intake; a failure undoes what was written before it.

    The record is there before the rows, so that an import that was killed can be taken back.
    """
    with ExitStack() as undo:
        if rejects.path:
            path = Path(rejects.path)
            undo.callback(path.unlink, missing_ok=True)
            shown = intake.rejected.filter(~ERASED)
            places = rejects.rows.search_sorted(shown["row"]).alias("row")
            write_rejects(path, rejects.table, shown.with_columns(places))
        if intake.fresh.height:
            undo.callback(remove_record, home, record)
            write_record(home, record)
            rows = _history_rows(intake.fresh, record.source, record.received_at)
            undo.callback(write_rows(home, rows, record.received_at).unlink)
            add_aliases(home, pl.concat([intake.other_names, intake.aliases]))
            merge_products(home, intake.products, record.received_at)
        undo.pop_all()


def _history_rows(lines: pl.DataFrame, source: str, received_at: datetime) -> pl.DataFrame:
    arrived = lines.with_columns(source=pl.lit(source), received_at=pl.lit(received_at))
    return arrived.select(pl.col(name).cast(dtype) for name, dtype in schema().items())


def _counts(intake: Intake) -> dict[str, Any]:
    """The figures of OrdersSummary."""
    lines, rejected = intake.fresh, intake.rejected
    counted = lines.select("type", "order_id", "unit_price")
    purchases, refunds = (counted.filter(pl.col("type") == kind) for kind in ("purchase", "refund"))
    reasons = rejected["reason"].value_counts(sort=True)
    return {
        "taken": lines["row"].n_unique(),
        "already_known": intake.existing_rows,
        "set_aside": dict(reasons.iter_rows()),
        "exact_duplicates": rejected.filter(pl.col("reason") == RejectReason.DUPLICATE.value).height,
        "purchase_lines": purchases.height,
        "refund_lines": refunds.height,
        "refunds_joined": refunds["order_id"].count(),
        "other_events": lines.height - purchases.height - refunds.height,
        "guest_lines": lines["customer_id"].null_count(),
        "free_lines": purchases.filter(pl.col("unit_price") == 0).height,
        "non_product_lines": lines["product_id"].is_in(intake.non_products.implode()).sum(),
        "orders": purchases["order_id"].n_unique(),
        "customers": lines["customer_id"].drop_nulls().n_unique(),
        "products": lines["product_id"].drop_nulls().n_unique(),
        "new_products": intake.new_products,
        "merged_ids": dict(intake.aliases.iter_rows()),
        "first": lines["timestamp"].min(),
        "last": lines["timestamp"].max(),
        "match_rate": intake.match_rate,
        "money": takings(lines, intake.non_products),
    }
