"""`perennial import orders`: a file of orders or events into the history, whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from features.catalogue.products import add_aliases, merge_products
from features.events.bounds import LARGEST_ORDER
from features.history.events_parquet import schema, write_rows
from features.home import Home
from features.importers.checked_lines import Checked, checked_lines
from features.importers.choice import Wishes, choose_format, looks_like_orders
from features.importers.consent_columns import Consents, consent_columns, consent_rows, read_consents
from features.importers.erased_people import ERASED
from features.importers.existing import Existing, read_existing
from features.importers.files import read_tables
from features.importers.gaps import gaps
from features.importers.intake import Intake, plan_intake
from features.importers.mapping import remember
from features.importers.party import Party, identified, with_customers
from features.importers.people import People
from features.importers.reach import reach
from features.importers.reasons import RejectReason
from features.importers.records import ImportRecord, new_id, rejects_path, remove_record, write_record
from features.importers.refusal import ImportRefused
from features.importers.rejects import are_rejects, write_rejects
from features.importers.summary import OrdersSummary
from features.importers.table import FileTable
from features.importers.takings import takings
from features.people.aliases import add_links, keep_emails
from features.progress import Report, silent

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
    checked = checked_lines(table, choice.format, received_at, largest_order, decimal, zone, report)
    report("checking", height, height)
    answers = table.cells.select(column.header for column in consent_columns(table.cells))
    set_aside = checked.set_aside()
    table = table.only(set_aside)  # the memory of all other cells, but for answers, is free from here on
    report("joining refunds", 0, checked.lines.height)
    plan = _planned(home, checked, answers, table, choice.format.name, received_at, dry_run=dry_run)
    intake, is_new = plan.intake, plan.intake.fresh.height or plan.consents.words.height
    shown = not dry_run and intake.rejected.filter(~ERASED).height
    doubts = (*choice.warnings, *table.notes, *checked.doubts)
    summary = OrdersSummary(
        id=new_id(home, received_at) if is_new and not dry_run else None,
        file=", ".join(map(str, paths)),
        format=choice.format.name,
        format_reason=choice.why,
        correction=choice.correction,
        encoding=table.encoding,
        date_format=checked.date_format,
        dry_run=dry_run,
        rows=height,
        rejects_file=str(rejects_path(home, paths[0], received_at)) if shown else None,
        warnings=(*doubts, *plan.warnings(checked.nameless)),
        **_counts(intake),
        **plan.of_people(home),
    )
    if not dry_run:
        report("writing", 0, intake.fresh.height)
        record = _record(summary, paths, intake, plan.existing, received_at)
        _write(home, plan, record, Rejects(table, set_aside, summary.rejects_file))
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

    def warnings(self, nameless: pl.Series | None) -> Iterator[str]:
        yield from self.intake.warnings
        yield from self.party.people.warnings
        yield from self.consents.warnings()
        if nameless is not None:
            yield from gaps(nameless, self.intake.fresh)

    def of_people(self, home: Home) -> dict[str, Any]:
        """The figures of OrdersSummary about who is who, and who may be written to."""
        people, fresh = self.party.people, self.intake.fresh["customer_id"]
        return {
            "nobodies": self.party.nobodies,
            "linked": people.links.height,
            "reach": reach(home, self.existing.events["customer_id"], fresh, self.consents, people),
        }


def _planned(
    home: Home,
    checked: Checked,
    answers: pl.DataFrame,
    table: FileTable,
    source: str,
    received_at: datetime,
    *,
    dry_run: bool,
) -> _Plan:
    existing = read_existing(home)
    party = identified(home, checked.lines, existing, received_at, dry_run=dry_run)
    existing = with_customers(existing, party.people)
    intake = plan_intake(party.lines, checked.aside, source, existing, are_rejects=are_rejects(table))
    return _Plan(existing, party, intake, _consents(answers, party.lines, existing))


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


class Rejects(NamedTuple):
    """table: of these `rows` of the file alone. path: None where none is to be written."""

    table: FileTable
    rows: pl.Series
    path: str | None


def _consents(answers: pl.DataFrame, lines: pl.DataFrame, existing: Existing) -> Consents:
    """What the orders say of consent that the history has not yet, at the time of each order.

    answers: the file's columns about consent, all their rows.
    """
    good = lines.filter(pl.col("reason").is_null(), pl.col("own_name").is_not_null())
    who = good.select("row", customer_id="own_name", at="timestamp").unique("row", keep="first")
    return read_consents(answers, who, consent_columns(answers)).unknown_to(existing.events["event_id"])


def _write(home: Home, plan: _Plan, record: ImportRecord, rejects: Rejects) -> None:
    """Write the whole intake; a failure undoes what was written before it.

    The record is there before the rows, so that an import that was killed can be taken back.
    """
    intake, people = plan.intake, plan.party.people
    rows = _history_rows(intake.fresh, people, plan.consents, record)
    with ExitStack() as undo:
        if rejects.path:
            path = Path(rejects.path)
            undo.callback(path.unlink, missing_ok=True)
            shown = intake.rejected.filter(~ERASED)
            places = rejects.rows.search_sorted(shown["row"]).alias("row")
            write_rejects(path, rejects.table, shown.with_columns(places))
        if people.links.height:
            add_links(home, people.links)
        if plan.party.emails.height:
            keep_emails(home, plan.party.emails)
        if rows.height:
            undo.callback(remove_record, home, record)
            write_record(home, record)
            undo.callback(write_rows(home, rows, record.received_at).unlink)
            add_aliases(home, pl.concat([intake.other_names, intake.aliases]))
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
