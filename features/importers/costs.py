"""`perennial import costs`: what each channel cost, day by day or month by month."""

from datetime import datetime
from pathlib import Path

import polars as pl

from features.catalogue.channel_costs import merge_costs
from features.home import Home
from features.importers.lines import Format
from features.importers.numbers import with_plain_numbers
from features.importers.reasons import RejectReason, first_reason
from features.importers.small_tables import read_small, set_aside, unchanged
from features.importers.summary import CostsSummary
from features.importers.table import FileTable
from features.importers.totals import totals
from features.importers.values import Times, number, read_times

COSTS = Format(
    name="costs",
    columns={
        "date": ("date", "day", "month"),
        "channel": ("channel", "source", "utmsource", "sourcemedium"),
        "spend": ("spend", "cost", "costs", "amount", "amountspent"),
        "currency": ("currency", "currencycode"),
    },
    required=("date", "channel", "spend"),
    read=unchanged,
)


def import_costs(
    home: Home,
    file: Path,
    *,
    sheet: str | None = None,
    decimal: str | None = None,
    dry_run: bool = False,
    now: datetime,
) -> CostsSummary:
    """Add what channels cost. A day and channel in the file replaces the stored one.

    Several rows of one day and channel add up; a month's spending is booked on its first day. sheet and
    decimal: as in `orders.import_orders`.

    A dry run writes nothing. Raises ImportRefused, the home unchanged, where the file cannot be taken.
    """
    table, named = read_small(file, COSTS, sheet, "Export it again.")
    rows, doubts = with_plain_numbers(named, decimal)
    checked, times = _checked(rows, table, now)
    good = checked.filter(pl.col("reason").is_null())
    days = good.group_by("date", "channel", "currency").agg(pl.col("spend").sum())
    counts = set_aside(home, file, table, checked, now, dry_run=dry_run)
    if not dry_run:
        merge_costs(home, days)
    return CostsSummary(
        file=str(file),
        taken=good.height,
        channels=days["channel"].n_unique(),
        first=min(days["date"], default=None),
        last=max(days["date"], default=None),
        spend=dict(days.group_by("currency").agg(pl.col("spend").sum()).sort("currency").iter_rows()),
        warnings=(*table.notes, *doubts, *times.warnings),
        **counts,
    )


def _checked(rows: pl.DataFrame, table: FileTable, now: datetime) -> tuple[pl.DataFrame, Times]:
    """Rows with `date`, `spend` and `reason` (null: the row is good), and how dates were read."""
    times = read_times(rows["date"].str.replace(r"^(\d{4}-\d{2})$", "${1}-01"))
    sums = totals(table, rows, ("date",))["row"]
    parsed = rows.with_columns(
        date=times.values.dt.date(),
        spend=number(pl.col("spend")),
        currency=pl.col("currency").fill_null("").str.to_uppercase(),
        detail=pl.lit(None, pl.String),
    )
    return parsed.with_columns(
        reason=first_reason(
            {
                RejectReason.TOTALS: pl.col("row").is_in(sums.implode()),
                RejectReason.SURPLUS_CELLS: pl.lit(table.surplus),
                RejectReason.NO_CHANNEL: pl.col("channel").is_null(),
                RejectReason.BAD_TIME: pl.col("date").is_null(),
                RejectReason.TIME_OUT_OF_RANGE: ~pl.col("date").is_between(pl.date(1990, 1, 1), now.date()),
                RejectReason.BAD_SPEND: pl.col("spend").is_null() | ~pl.col("spend").is_between(0, 1e9),
            }
        )
    ), times
