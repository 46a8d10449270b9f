"""`perennial import rates`: what other currencies are worth, so that figures may be in one."""

from datetime import datetime
from pathlib import Path

import polars as pl

from features.catalogue.currency_rates import merge_rates
from features.home import Home
from features.importers.lines import Format
from features.importers.numbers import with_plain_numbers
from features.importers.reasons import RejectReason, first_reason
from features.importers.small_tables import read_small, set_aside, unchanged
from features.importers.summary import RatesSummary
from features.importers.table import FileTable
from features.importers.values import number, read_times

RATES = Format(
    name="rates",
    columns={
        "date": ("date", "day"),
        "currency": ("currency", "currencycode"),
        "rate": ("rate", "exchangerate", "value"),
    },
    required=("date", "currency", "rate"),
    read=unchanged,
)


def import_rates(
    home: Home,
    file: Path,
    *,
    sheet: str | None = None,
    decimal: str | None = None,
    dry_run: bool = False,
    now: datetime,
) -> RatesSummary:
    """Add rates; one of a day and currency in the file replaces the stored one. sheet and decimal: as in
    `orders.import_orders`.

    A dry run writes nothing. Raises ImportRefused, the home unchanged, where the file cannot be taken.
    """
    table, named = read_small(file, RATES, sheet, "Write one a day and currency: date,currency,rate.")
    rows, doubts = with_plain_numbers(named, decimal or _decimal_mark(named["rate"]))
    checked = _checked(rows, table, now)
    good = checked.filter(pl.col("reason").is_null())
    rates = good.unique(["date", "currency"], keep="last")
    counts = set_aside(home, file, table, checked, now, dry_run=dry_run)
    if not dry_run:
        merge_rates(home, rates)
    return RatesSummary(
        file=str(file),
        taken=good.height,
        currencies=tuple(sorted(rates["currency"].unique())),
        first=min(rates["date"], default=None),
        last=max(rates["date"], default=None),
        warnings=(*table.notes, *doubts),
        **counts,
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
