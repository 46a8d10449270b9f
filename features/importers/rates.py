"""`perennial import rates`: what other currencies are worth, so that figures may be in one."""

from datetime import datetime
from pathlib import Path

import polars as pl

from features.catalogue.currency_rates import merge_rates
from features.home import Home
from features.importers.content import read_file
from features.importers.formats import pick_format
from features.importers.lines import Format
from features.importers.numbers import with_plain_numbers
from features.importers.reasons import RejectReason, first_reason
from features.importers.refusal import ImportRefused
from features.importers.rejects import rejects_path, write_rejects
from features.importers.summary import RatesSummary
from features.importers.table import FileTable, as_table
from features.importers.values import number, read_times
from features.progress import silent


def _unchanged(rows: pl.DataFrame) -> pl.DataFrame:
    return rows


RATES = Format(
    name="rates",
    columns={
        "date": ("date", "day"),
        "currency": ("currency", "currencycode"),
        "rate": ("rate", "exchangerate", "value"),
    },
    required=("date", "currency", "rate"),
    read=_unchanged,
)


def import_rates(home: Home, file: Path, *, dry_run: bool = False, now: datetime) -> RatesSummary:
    """Add rates; one of a day and currency in the file replaces the stored one.

    A dry run writes nothing. Raises ImportRefused, the home unchanged, where the file cannot be taken.
    """
    table = as_table(read_file(file, silent), file.name)
    chosen, _ = pick_format({RATES.name: RATES}, table, RATES.name)
    if table.cells.is_empty():
        raise ImportRefused(f"{file.name} has no rows. Write one a day and currency: date,currency,rate.")
    named = chosen.rows(table)
    rows, doubts = with_plain_numbers(named, _decimal_mark(named["rate"]))
    checked = _checked(rows, table, now)
    good = checked.filter(pl.col("reason").is_null()).unique(["date", "currency"], keep="last")
    rejected = checked.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail")
    rejects = rejects_path(home, file, now) if rejected.height and not dry_run else None
    if not dry_run:
        if rejects:
            write_rejects(rejects, table, rejected)
        merge_rates(home, good)
    return RatesSummary(
        file=str(file),
        dry_run=dry_run,
        rows=table.cells.height,
        taken=table.cells.height - rejected.height,
        set_aside=dict(rejected["reason"].value_counts(sort=True).iter_rows()),
        currencies=tuple(sorted(good["currency"].unique())),
        first=min(good["date"], default=None),
        last=max(good["date"], default=None),
        rejects_file=str(rejects) if rejects else None,
        warnings=(*table.notes, *doubts),
    )


def _decimal_mark(rates: pl.Series) -> str | None:
    """The only mark in the column, as rates have no thousands to set apart; None where both occur."""
    marks = [mark for mark in ".," if rates.str.contains(mark, literal=True).any()]
    return marks[0] if len(marks) == 1 else None


def _checked(rows: pl.DataFrame, table: FileTable, now: datetime) -> pl.DataFrame:
    """Rows with `date`, `rate` and `reason` (null: the row is good)."""
    parsed = rows.with_columns(
        date=read_times(rows["date"]).values.dt.date(),
        rate=number(pl.col("rate")),
        currency=pl.col("currency").str.to_uppercase(),
        detail=pl.lit(None, pl.String),
    )
    return parsed.with_columns(
        reason=first_reason(
            {
                RejectReason.SURPLUS_CELLS: pl.lit(table.surplus),
                RejectReason.BAD_TIME: pl.col("date").is_null(),
                RejectReason.TIME_OUT_OF_RANGE: ~pl.col("date").is_between(pl.date(1990, 1, 1), now.date()),
                RejectReason.NO_CURRENCY: pl.col("currency").is_null(),
                RejectReason.BAD_RATE: pl.col("rate").is_null() | ~(pl.col("rate") > 0),
            }
        )
    )
