"""`perennial import orders`: a file of orders or events into the history, whole or not at all."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from features.catalogue.products import add_aliases, merge_products
from features.events.bounds import LARGEST_ORDER
from features.history.events_parquet import schema, write_rows
from features.home import Home
from features.importers.checks import with_reasons, with_values
from features.importers.choice import Choice, Wishes, choose_format
from features.importers.consent_columns import Consents, consent_columns, consent_rows, read_consents
from features.importers.content import read_file
from features.importers.duplicates import duplicates
from features.importers.erased_people import ERASED
from features.importers.events_jsonl import jsonl_lines
from features.importers.existing import Existing, read_existing
from features.importers.gaps import gaps
from features.importers.intake import Intake, plan_intake
from features.importers.lines import Format, completed
from features.importers.mapping import remember
from features.importers.party import Party, identified, with_customers
from features.importers.people import People
from features.importers.reach import reach
from features.importers.reasons import RejectReason
from features.importers.records import ImportRecord, new_id, remove_record, write_record
from features.importers.refusal import ImportRefused
from features.importers.rejects import rejects_path, write_rejects
from features.importers.summary import OrdersSummary
from features.importers.table import FileTable, as_table
from features.importers.takings import takings
from features.importers.values import Times
from features.people.aliases import add_links
from features.progress import Report, silent

WISHES = Wishes()


def import_orders(
    home: Home,
    path: Path,
    *,
    wishes: Wishes = WISHES,
    dry_run: bool = False,
    received_at: datetime,
    largest_order: float = LARGEST_ORDER,
    report: Report = silent,
) -> OrdersSummary:
    """Take every good line that is not in the history yet; set bad ones aside with a reason.

    largest_order: what is worth more is set aside. A dry run writes nothing and returns the same summary.
    Raises ImportRefused, the home unchanged, where the file cannot be taken at all.
    """
    table = as_table(read_file(path, report), path.name)
    choice = choose_format(home, table, wishes)
    if table.cells.is_empty():
        raise ImportRefused(f"{path.name} has a header and no rows. Export the period you want again.")
    lines, times = _checked(table, choice.format, received_at, largest_order, report)
    report("joining refunds", 0, lines.height)
    plan = _planned(home, table, choice, lines, received_at, dry_run=dry_run)
    intake, is_new = plan.intake, plan.intake.fresh.height or plan.consents.words.height
    shown = not dry_run and intake.rejected.filter(~ERASED).height
    summary = OrdersSummary(
        id=new_id(home, received_at) if is_new and not dry_run else None,
        file=str(path),
        format=choice.format.name,
        format_reason=choice.why,
        encoding=table.encoding,
        date_format=times.format,
        dry_run=dry_run,
        rows=table.cells.height,
        rejects_file=str(rejects_path(home, path, received_at)) if shown else None,
        warnings=(*choice.warnings, *table.notes, *times.warnings, *plan.warnings(table, choice)),
        **_counts(intake),
        **plan.of_people(home),
    )
    if not dry_run:
        report("writing", 0, intake.fresh.height)
        _write(home, plan, table, _record(summary, intake, plan.existing, received_at), summary.rejects_file)
        if choice.columns:
            remember(home, table.cells.columns, choice.format.name, choice.columns)
        report("writing", intake.fresh.height, intake.fresh.height)
    return summary


class _Plan(NamedTuple):
    """What a file would bring into a home."""

    existing: Existing
    party: Party
    intake: Intake
    consents: Consents

    def warnings(self, table: FileTable, choice: Choice) -> Iterator[str]:
        yield from self.intake.warnings
        yield from self.party.people.warnings
        yield from self.consents.warnings()
        yield from _gaps(table, choice, self.intake)

    def of_people(self, home: Home) -> dict[str, Any]:
        """The figures of OrdersSummary about who is who, and who may be written to."""
        people, fresh = self.party.people, self.intake.fresh["customer_id"]
        return {
            "nobodies": self.party.nobodies,
            "linked": people.links.height,
            "reach": reach(home, self.existing.events["customer_id"], fresh, self.consents, people),
        }


def _planned(
    home: Home, table: FileTable, choice: Choice, lines: pl.DataFrame, received_at: datetime, *, dry_run: bool
) -> _Plan:
    existing = read_existing(home)
    party = identified(home, lines, existing, received_at, dry_run=dry_run)
    existing = with_customers(existing, party.people)
    intake = plan_intake(party.lines, choice.format.name, existing)
    return _Plan(existing, party, intake, _consents(table, party.lines, existing))


def _gaps(table: FileTable, choice: Choice, intake: Intake) -> Iterator[str]:
    return iter(()) if table.kind == "jsonl" else gaps(choice.format.rows(table), intake.fresh)


def _record(
    summary: OrdersSummary, intake: Intake, existing: Existing, received_at: datetime
) -> ImportRecord:
    new_products = intake.products.join(existing.products, on="product_id", how="anti")["product_id"]
    new_aliases = intake.aliases.join(existing.aliases, on="alias", how="anti")["alias"]
    return ImportRecord(
        id=summary.id or "",
        received_at=received_at,
        files=(Path(summary.file).name,),
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


def _checked(
    table: FileTable, chosen: Format, received_at: datetime, largest_order: float, report: Report
) -> tuple[pl.DataFrame, Times]:
    rows = table.cells.height
    report("checking", 0, rows)
    named = chosen.rows(table)
    repeats = duplicates(table, named, lines_are_units=chosen.lines_are_units)
    if table.kind == "jsonl":
        unparsed = jsonl_lines(table, received_at, report)
    else:
        read = chosen.read(named.join(repeats, on="row", how="anti"))
        unparsed = completed(pl.concat([read, repeats.select("row")], how="diagonal"))
    parsed, times = with_values(unparsed)
    lines = with_reasons(parsed, table, repeats, received_at, largest_order)
    report("checking", rows, rows)
    return lines, times


def _consents(table: FileTable, lines: pl.DataFrame, existing: Existing) -> Consents:
    """What the orders say of consent that the history has not yet, at the time of each order."""
    good = lines.filter(pl.col("reason").is_null(), pl.col("own_name").is_not_null())
    who = good.select("row", customer_id="own_name", at="timestamp").unique("row", keep="first")
    return read_consents(table.cells, who, consent_columns(table.cells)).unknown_to(
        existing.events["event_id"]
    )


def _write(home: Home, plan: _Plan, table: FileTable, record: ImportRecord, rejects_file: str | None) -> None:
    """Write the whole intake; a failure undoes what was written before it.

    The record is there before the rows, so that an import that was killed can be taken back.
    """
    intake, people = plan.intake, plan.party.people
    rows = _history_rows(intake.fresh, people, plan.consents, record)
    with ExitStack() as undo:
        if rejects_file:
            rejects = Path(rejects_file)
            undo.callback(rejects.unlink, missing_ok=True)
            write_rejects(rejects, table, intake.rejected.filter(~ERASED))
        if people.links.height:
            add_links(home, people.links)
        if rows.height:
            undo.callback(remove_record, home, record)
            write_record(home, record)
            undo.callback(write_rows(home, rows, record.received_at).unlink)
            add_aliases(home, intake.aliases)
            merge_products(home, intake.products, record.received_at)
        undo.pop_all()


def _history_rows(
    lines: pl.DataFrame, people: People, consents: Consents, record: ImportRecord
) -> pl.DataFrame:
    """Lines and what was said of consent. The history keeps the name that a line used for its customer."""
    now = pl.col("own_name").replace(people.names["alias"], people.names["customer_id"])
    kept = pl.when(now == pl.col("customer_id")).then("own_name").otherwise("customer_id")
    lines = lines.with_columns(customer_id=kept)
    told = pl.concat([lines, consent_rows(consents.words)], how="diagonal_relaxed")
    arrived = told.with_columns(source=pl.lit(record.source), received_at=pl.lit(record.received_at))
    return arrived.select(pl.col(name).cast(dtype) for name, dtype in schema().items())


def _counts(intake: Intake) -> dict[str, Any]:
    """The figures of OrdersSummary."""
    lines, rejected = intake.fresh, intake.rejected
    purchases, refunds = (lines.filter(pl.col("type") == kind) for kind in ("purchase", "refund"))
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
