"""Text to numbers and times; the date format is inferred from the whole column."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from features.importers import date_texts
from features.importers.clock_texts import cut
from features.importers.date_texts import days, tidy
from features.importers.refusal import ImportRefused

MONTH_FIRST, DAY_FIRST, ISO = "month/day/year", "day/month/year", "ISO 8601"
TIME = pl.Datetime("us", "UTC")
USUAL = {
    ISO: ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%#z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d"),
    MONTH_FIRST: ("%m/%d/%Y %H:%M",),
    DAY_FIRST: ("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M"),
}
SAMPLE_ROWS = 100


def number(text: pl.Expr) -> pl.Expr:
    """Float64 of plain text like `1234.50` (see `numbers.with_plain_numbers`); null if it is not finite."""
    value = text.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


@dataclass(frozen=True)
class Times:
    """A column of times: UTC microseconds, null where not understood; the format's name; warnings."""

    values: pl.Series
    format: str
    warnings: list[str] = field(default_factory=list)


def read_times(text: pl.Series, zone: str = "UTC") -> Times:
    """Find the date format of a column and read it; zone: where a time without a zone of its own was told.

    If every date of numbers alone can be read as month/day and as day/month, dots mean day first; else the
    reading that is in order is chosen, else the one that spans less time. Dates of another kind among them
    are read as well. A time that a zone skips counts an hour later, one that it has twice as the first.
    Raises ImportRefused for an unknown zone.
    """
    return _of_one_writing(text, zone) or _of_any_writing(text, zone)


def _of_one_writing(text: pl.Series, zone: str) -> Times | None:
    """The times of a column that is written in one of USUAL alone: several times as fast as the other way."""
    sample = text.drop_nulls().head(SAMPLE_ROWS)
    read = [
        (name, values)
        for name, writings in USUAL.items()
        for writing in writings
        if sample.len() and not _written(sample, writing).has_nulls()
        if (values := _written(text, writing)).null_count() == text.null_count()
    ]
    if len(read) != 1:
        return None
    name, values = read[0]
    zoned = values.dtype == TIME
    return Times(values if zoned else _in_zone(values, zone), name)


def _written(text: pl.Series, writing: str) -> pl.Series:
    values = text.str.to_datetime(writing, strict=False, time_unit="us")
    return values.set(values.dt.year() < 1000, None)  # %Y takes 25 for the year 25


def _of_any_writing(text: pl.Series, zone: str) -> Times:
    counts = text.drop_nulls().value_counts(name="uses").rename({text.name: "text"})
    read = _instants(counts, zone)
    first, warnings = _order(read, text)
    read = read.with_columns(
        value=pl.coalesce("instant", first),
        format=pl.when(pl.col(first).is_not_null()).then(pl.lit(first)).otherwise("format"),
    )
    values = _mapped(text, read, "value")
    found = read.filter(pl.col("value").is_not_null()).group_by("format").agg(pl.col("uses").sum())
    formats = found.sort("uses", "format", descending=True).rows()
    usual = formats[0][0] if formats else ISO
    others = [f"{uses:,} dates are {name}, the others {usual}; both were read" for name, uses in formats[1:]]
    return Times(values, usual, warnings + others)


def _mapped(text: pl.Series, read: pl.DataFrame, column: str) -> pl.Series:
    """What each text of a column was read as."""
    known = read.select("text", value=column)
    return text.to_frame("text").join(known, on="text", how="left", maintain_order="left")["value"]


def _instants(counts: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Distinct texts with `format`, `instant`, and an instant under MONTH_FIRST and DAY_FIRST, all TIME."""
    moments = cut(tidy(counts["text"]))
    read = counts.with_columns(
        day=moments.day,
        clock=moments.microseconds,
        offset=moments.offset,
        dotted=moments.day.str.contains(r"\d\."),
    ).join(days(moments.day), on="day", how="left", maintain_order="left")
    readings = {"instant": "date", MONTH_FIRST: "month_first", DAY_FIRST: "day_first"}
    clock = pl.duration(microseconds="clock")
    unix = pl.col("format").is_in(date_texts.UNIX)
    local = read.with_columns((pl.col(each) + clock).alias(name) for name, each in readings.items())
    offset = pl.when(unix).then(0).otherwise("offset").cast(pl.Int64)
    return local.with_columns(
        pl.coalesce(
            (pl.col(name) - pl.duration(minutes=offset)).dt.replace_time_zone("UTC"),
            _in_zone(local[name], zone),
        ).alias(name)
        for name in readings
    )


def _in_zone(local: pl.Series, zone: str) -> pl.Series:
    """UTC instants of local times."""
    try:
        exact = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    except pl.exceptions.ComputeError as error:
        raise ImportRefused(f"Unknown time zone {zone!r}. Use a name such as Europe/Berlin.") from error
    later = local.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return exact.fill_null(later).dt.convert_time_zone("UTC")


def _order(read: pl.DataFrame, text: pl.Series) -> tuple[str, list[str]]:
    """Whether dates of numbers alone are MONTH_FIRST or DAY_FIRST, with a warning if they could be both."""
    uses = {name: read.filter(pl.col(name).is_not_null())["uses"].sum() for name in (MONTH_FIRST, DAY_FIRST)}
    if uses[MONTH_FIRST] != uses[DAY_FIRST]:
        return max(uses, key=lambda each: uses[each]), []
    open_ones = read.filter(pl.col(MONTH_FIRST).ne_missing(pl.col(DAY_FIRST)))
    if open_ones.is_empty():
        return DAY_FIRST, []
    if open_ones["dotted"].all():
        return DAY_FIRST, []
    name = min((MONTH_FIRST, DAY_FIRST), key=lambda each: _disorder(text, read, each))
    example = open_ones.row(0, named=True)
    return name, [
        f"DATES MAY BE WRONG: they read as month/day and as day/month; taken as {name}, so "
        f"{example['text']!r} is {_day(example[name])}. If that is wrong, export them as 2025-01-31"
    ]


def _day(moment: datetime | None) -> str:
    return f"{moment:%d %B %Y}" if moment else "no date"


def _disorder(text: pl.Series, read: pl.DataFrame, name: str) -> tuple[bool, float]:
    """Whether the times are out of order, and their span in seconds; the smaller pair is likelier."""
    times = _mapped(text, read, name).drop_nulls()
    span = times.max() - times.min()  # type: ignore[operator]
    in_order = times.is_sorted() or times.is_sorted(descending=True)
    return not in_order, span.total_seconds()  # type: ignore[union-attr]
