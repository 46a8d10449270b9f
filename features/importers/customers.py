"""`perennial import customers`: who is who, and who may be written to, from exports of shops and tools."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from features.history.events_parquet import schema, write_rows
from features.home import Home
from features.importers.ad_hashes import ad_links
from features.importers.consent_columns import (
    Consents,
    consent_columns,
    consent_rows,
    read_consents,
    time_of_consent,
)
from features.importers.customer_columns import (
    CUSTOMERS,
    customer_format,
    looks_like_customers,
    members_of_list,
)
from features.importers.erased_people import ERASED
from features.importers.existing import read_existing
from features.importers.files import read_tables
from features.importers.lines import LINE_COLUMNS
from features.importers.party import Party, identified, with_customers
from features.importers.people import without_nobodies
from features.importers.reach import Reach, reach
from features.importers.reasons import RejectReason, first_reason
from features.importers.records import ImportRecord, new_id, rejects_path, remove_record, write_record
from features.importers.refusal import ImportRefused
from features.importers.rejects import write_rejects
from features.importers.summary import CustomersSummary
from features.importers.table import FileTable
from features.importers.values import TIME
from features.people.aliases import add_links, keep_emails, load_people
from features.progress import Report, silent


@dataclass(frozen=True)
class _Plan:
    """What an import would write. ad_links: of `ad_hashes`; rejected: row, reason, detail."""

    party: Party
    ad_links: pl.DataFrame
    consents: Consents
    rejected: pl.DataFrame
    reach: Reach


def import_customers(  # noqa: PLR0913
    home: Home,
    file: Path,
    *,
    maps: tuple[str, ...] = (),
    sheet: str | None = None,
    exported_at: datetime | None = None,
    dry_run: bool = False,
    now: datetime,
    report: Report = silent,
) -> CustomersSummary:
    """Link each customer's id, address and number, and keep what they say of consent.

    sheet: as in `orders.import_orders`. exported_at: when the file's consents were true; None: when the file
    was last written. maps: `our name=header`. A later word, of a file or live, wins. A dry run writes
    nothing. Raises ImportRefused, the home unchanged, where the file cannot be taken.
    """
    table = read_tables([file], looks_like_customers, sheet=sheet, report=report)
    if table.kind == "jsonl":
        raise ImportRefused("Customers are read from tables (CSV, TSV, XLSX, parquet), not from JSON lines.")
    chosen = customer_format(table, maps)
    if table.cells.is_empty():
        raise ImportRefused(f"{file.name} has no rows. Export it again.")
    at = min(exported_at or datetime.fromtimestamp(file.stat().st_mtime, now.tzinfo), now)
    plan = _plan(home, table, chosen.rows(table), file.name, at, now, dry_run=dry_run)
    shown = plan.rejected.filter(~ERASED)
    rejects = rejects_path(home, file, now) if shown.height and not dry_run else None
    record = _record(home, plan, table, file, now, dry_run=dry_run)
    if not dry_run:
        _write(home, plan, table, record, rejects)
    people, words = plan.party.people, plan.consents.words
    return CustomersSummary(
        id=record.id or None,
        file=str(file),
        columns=chosen.headers(table.cells),
        consent_columns=tuple(column.header for column in plan.consents.columns),
        consents_at=at,
        dry_run=dry_run,
        rows=table.cells.height,
        taken=record.taken,
        set_aside=dict(plan.rejected["reason"].value_counts(sort=True).iter_rows()),
        rejects_file=str(rejects) if rejects else None,
        warnings=(*table.notes, *people.warnings),
        nobodies=plan.party.nobodies,
        linked=people.links.height,
        consents=words.filter("given").height,
        refusals=words.filter(~pl.col("given")).height,
        reach=plan.reach,
    )


def _record(
    home: Home, plan: _Plan, table: FileTable, file: Path, now: datetime, *, dry_run: bool
) -> ImportRecord:
    """What is kept of the import; without an id where nothing is new."""
    is_new = plan.party.people.links.height or plan.ad_links.height or plan.consents.words.height
    return ImportRecord(
        id=new_id(home, now) if is_new and not dry_run else "",
        received_at=now,
        files=(file.name,),
        kind=CUSTOMERS,
        format=CUSTOMERS,
        source=CUSTOMERS,
        rows=table.cells.height,
        taken=table.cells.height - plan.rejected.height,
    )


def _plan(
    home: Home, table: FileTable, rows: pl.DataFrame, name: str, at: datetime, now: datetime, *, dry_run: bool
) -> _Plan:
    existing = read_existing(home)
    lines = _lines(rows, at)
    columns = consent_columns(table.cells)
    everybody = lines.select("row", customer_id="row", at="timestamp")
    odd = read_consents(table.cells, everybody, columns).refused
    lines = _with_reasons(lines, odd)
    party = identified(home, lines, existing, now, dry_run=dry_run)
    good = party.lines.filter(pl.col("reason").is_null())
    who = good.select("row", customer_id="own_name", at="timestamp")
    consents = read_consents(table.cells, who, columns)
    consents = _dated(consents, table, now) if columns else members_of_list(table.cells, who, name)
    links = ad_links(_addresses(rows), good.select("row", "customer_id"), consents, now)
    if home.root.exists():
        links = links.join(load_people(home), on=["alias", "customer_id"], how="anti")
    consents = consents.unknown_to(existing.events["event_id"])
    before = with_customers(existing, party.people).events["customer_id"]
    rejected = party.lines.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    reached = reach(home, before, good["customer_id"], consents, party.people)
    return _Plan(party, links, consents, rejected, reached)


def _addresses(rows: pl.DataFrame) -> pl.DataFrame:
    """`row`, `email` and `email_sha256`, null where the file lacks them."""
    named = ("email", "email_sha256")
    return rows.select("row", *(name if name in rows.columns else pl.lit(None).alias(name) for name in named))


def _lines(rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Customers as lines of an import: LINE_COLUMNS. Ids lose the apostrophe that keeps Excel from them."""
    bare = rows.with_columns(customer_id=pl.col("customer_id").str.strip_prefix("'").str.strip_suffix(".0"))
    said = bare.with_columns(timestamp=pl.lit(at).cast(TIME), type=pl.lit("consent"))
    absent = [pl.lit(None, pl.String).alias(name) for name in LINE_COLUMNS if name not in said.columns]
    return said.with_columns(absent).select("row", *LINE_COLUMNS)


def _with_reasons(lines: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
    """`reason` and `detail` of customers who are not taken."""
    answers = odd.group_by("row").agg(answer=pl.col("answer").first())
    somebodies, _ = without_nobodies(lines)
    nameless = pl.Series(
        somebodies.select(pl.all_horizontal(pl.col("customer_id", "email", "phone").is_null())).to_series()
    )
    with_answers = lines.join(answers, on="row", how="left", maintain_order="left")
    reason = first_reason(
        {
            RejectReason.NAMELESS: pl.lit(nameless),
            RejectReason.BAD_CONSENT: pl.col("answer").is_not_null(),
        }
    )
    return with_answers.with_columns(reason=reason, detail="answer").drop("answer")


def _dated(consents: Consents, table: FileTable, now: datetime) -> Consents:
    """A yes at the time that the file says it was given, where it says so; a no when the file was written."""
    times = time_of_consent(table.cells)
    if times is None:
        return consents
    own = times.gather(consents.words["row"]).alias("own")
    is_given = pl.col("given") & pl.col("own").is_not_null() & (pl.col("own") <= now)
    dated = consents.words.with_columns(own).with_columns(at=pl.when(is_given).then("own").otherwise("at"))
    return consents._replace(words=dated.drop("own"))


def _write(home: Home, plan: _Plan, table: FileTable, record: ImportRecord, rejects: Path | None) -> None:
    """Write it all; a failure undoes what was written before it."""
    with ExitStack() as undo:
        if rejects:
            undo.callback(rejects.unlink, missing_ok=True)
            write_rejects(rejects, table, plan.rejected.filter(~ERASED))
        if plan.party.emails.height:
            keep_emails(home, plan.party.emails)
        if not record.id:
            undo.pop_all()
            return
        add_links(home, pl.concat([plan.party.people.links, plan.ad_links]))
        if plan.consents.words.height:
            undo.callback(remove_record, home, record)
            write_record(home, record)
            write_rows(home, _rows(plan.consents, record), record.received_at)
        undo.pop_all()


def _rows(consents: Consents, record: ImportRecord) -> pl.DataFrame:
    told = consent_rows(consents.words).with_columns(
        source=pl.lit(record.source), received_at=pl.lit(record.received_at)
    )
    absent = [pl.lit(None, kind).alias(name) for name, kind in schema().items() if name not in told.columns]
    return told.with_columns(absent)
