"""Text to numbers and times; the date format is inferred from the whole column."""

from dataclasses import dataclass, field

import polars as pl

MONTH_FIRST, DAY_FIRST, ISO = "month/day/year", "day/month/year", "ISO 8601"
TIME_FORMATS = ("%H:%M", "%H:%M:%S")
TIME = pl.Datetime("us", "UTC")


def number(text: pl.Expr) -> pl.Expr:
    """Float64 of text like `1,234.50`, `2,55` or `£2.55`; null if it is not a finite number."""
    bare = text.str.replace_all(r"[£$€\s]", "")
    grouped = bare.str.contains(r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$")
    decimal_comma = bare.str.replace(r"^([-+]?\d+),(\d+)$", "${1}.${2}")
    value = (
        pl.when(grouped)
        .then(bare.str.replace_all(",", ""))
        .otherwise(decimal_comma)
        .cast(pl.Float64, strict=False)
    )
    return pl.when(value.is_finite()).then(value)


@dataclass(frozen=True)
class Times:
    """A column of times: UTC microseconds, null where not understood; the format's name; warnings."""

    values: pl.Series
    format: str
    warnings: list[str] = field(default_factory=list)


def read_times(text: pl.Series) -> Times:
    """Find the one date format of a column and read it; times without a zone are taken as UTC.

    If every date can be read as month/day and as day/month, the reading that is in ascending order is
    chosen, else the one that spans less time. ISO dates among the others are read as well.
    """
    readings = {MONTH_FIRST: _slashed(text, "%m/%d"), DAY_FIRST: _slashed(text, "%d/%m"), ISO: _iso(text)}
    understood = {name: values.count() for name, values in readings.items()}
    warnings = []
    if understood[MONTH_FIRST] == understood[DAY_FIRST] >= max(understood[ISO], 1):
        name = min((MONTH_FIRST, DAY_FIRST), key=lambda each: _disorder(readings[each]))
        if not readings[MONTH_FIRST].equals(readings[DAY_FIRST]):
            warnings.append(f"Every date reads as month/day and as day/month; taken as {name}")
    else:
        name = max(understood, key=lambda each: understood[each])
    values = readings[name]
    if name != ISO and understood[ISO]:
        values = values.fill_null(readings[ISO])
        warnings.append(f"{understood[ISO]:,} dates are ISO 8601, the others {name}; both were read")
    return Times(values, name, warnings)


def _slashed(text: pl.Series, day_and_month: str) -> pl.Series:
    """Dates like 12/1/2010 8:26; also with dots or dashes, two-digit years, seconds, no time of day."""
    plain = text.str.replace_all(r"^(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{2}|\d{4})\b,?", "$1/$2/$3")
    days = [f"{day_and_month}/%y", f"{day_and_month}/%Y"]
    return _first_that_reads(plain, [*(f"{day} {time}" for day in days for time in TIME_FORMATS), *days])


def _iso(text: pl.Series) -> pl.Series:
    plain = (
        text.str.extract(r"^(\d{4}[-/]\d{2}[-/]\d{2}.*)$")
        .str.replace(r"^(.{10})[Tt]", "${1} ")
        .str.replace(r"\s*(?:UTC|Z)$", "+00:00")
        .str.replace(r"\s+([+-]\d{2}:?\d{2})$", "$1")
    )
    zoned = _first_that_reads(plain, ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z"])
    return zoned.fill_null(
        _first_that_reads(plain, ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S"])
    )


def _first_that_reads(text: pl.Series, formats: list[str]) -> pl.Series:
    values = pl.Series(text.name, [None] * text.len(), dtype=TIME)
    for each in formats:
        if values.null_count() == text.null_count():
            break
        parsed = text.str.to_datetime(each, strict=False, time_unit="us")
        zoned = parsed if "z" in each else parsed.dt.replace_time_zone("UTC")
        values = values.fill_null(zoned.cast(TIME))
    return values


def _disorder(times: pl.Series) -> tuple[bool, float]:
    """Whether the times are out of order, and their span in seconds; the smaller pair is likelier."""
    present = times.drop_nulls()
    span = present.max() - present.min()  # type: ignore[operator]
    return not present.is_sorted(), span.total_seconds()  # type: ignore[union-attr]
