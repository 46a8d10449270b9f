"""How people write a day: by numbers, with the month's name, or as a count of seconds or days."""

import polars as pl

MONTHS = (
    "jan|jän|ene|gen|sty",
    "feb|fév|fev|febb|lut",
    "mar|mär|mrz|mrt|maa",
    "apr|avr|abr|kwi",
    "may|mai|mei|mag|maj",
    "jun|juin|giu|cze",
    "jul|juil|lug|lip",
    "aug|ago|aoû|aou|sie",
    "sep|set|wrz",
    "oct|okt|ott|out|paź|paz",
    "nov|lis",
    "dec|déc|dez|dic|gru",
)
"""How each month begins in English, German, French, Spanish, Italian, Dutch, Polish and Portuguese."""

YEAR_FIRST = r"^(?<year>\d{4})[-/. ](?<month>\d{1,2})[-/. ](?<day>\d{1,2})\.?$"
COMPACT = r"^(?<year>(?:19|20)\d{2})(?<month>\d{2})(?<day>\d{2})$"
COMPACT_CLOCK = r"^((?:19|20)\d{6})[t ]?(\d{2})(\d{2})((?:\d{2})?(?:\.\d+)?(?:z|[+-]\d{2}:?\d{2})?)$"
NUMERIC = r"^(?<one>\d{1,2})(?:[-/ ]|\. ?)(?<two>\d{1,2})(?:[-/ ]|\. ?)(?<year>\d{4}|\d{2})\.?$"
NAMED_DAY_FIRST = (
    r"^(?<day>\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?[- /]*(?:de |of )?@(?<month>\d+)@[- /,]*(?:de |del )?"
    r"(?<year>\d{4}|\d{2})\.?(?: ?r\.?)?$"
)
NAMED_MONTH_FIRST = r"^@(?<month>\d+)@[- /]*(?<day>\d{1,2})(?:st|nd|rd|th)?[- /,]+(?<year>\d{4})$"
NAMED_YEAR_FIRST = r"^(?<year>\d{4})[- /]*@(?<month>\d+)@[- /]*(?<day>\d{1,2})$"
BY_PARTS = {
    "ISO 8601": (YEAR_FIRST,),
    "month names": (NAMED_DAY_FIRST, NAMED_MONTH_FIRST, NAMED_YEAR_FIRST),
    "yyyymmdd": (COMPACT,),
}
UNIX = ("Unix seconds", "Unix milliseconds", "Unix microseconds")
COUNTS = {
    UNIX[0]: (r"^\d{9,10}(?:\.\d+)?$", 1_000_000, 0),
    UNIX[1]: (r"^\d{12,13}(?:\.\d+)?$", 1_000, 0),
    UNIX[2]: (r"^\d{15,16}(?:\.\d+)?$", 1, 0),
    "Excel days": (r"^[34567]\d{4}(?:\.\d+)?$", 86_400_000_000, 25_569),
}
"""Format -> its texts, microseconds in one unit, and the count at the start of 1970."""
KNOWN = (
    "2025-01-31 14:05, 2025-01-31T14:05:00+01:00, 31.01.2025 14:05, 1/31/2025 2:05 PM, 31 Jan 2025, "
    "January 31, 2025, 20250131, Unix seconds or milliseconds, Excel's days"
)


def tidy(text: pl.Series) -> pl.Series:
    """Lower case, single spaces, @n@ for the name of the nth month, and no weekday before or after."""
    plain = text.str.strip_chars("\"' \t\r\n\u00a0\u202f").str.to_lowercase()
    if plain.str.contains(r"[^\d:./+\-tz ]").any():
        plain = (
            plain.str.replace_all(r"\([^)]*\)|\[[^\]]*\]", "")
            .str.replace_all(r"\s+", " ")
            .str.replace(r"(\d),? (?:at |um |à |a las |alle |om |o |às )?(\d{1,2}[:.h]\d{2})", "$1 $2")
        )
    if plain.str.contains(r"[a-zà-ž]{3}").any():
        for n, stems in enumerate(MONTHS, 1):
            plain = plain.str.replace(rf"(^|[^a-zà-ž@])(?:{stems})[a-zà-ž]*\.?", f"${{1}}@{n}@")
        plain = plain.str.replace(r"^[^\d@]+|^@\d+@[^\d@]*(\d+[^\d@]*@)", "${1}")
    if plain.str.contains(COMPACT_CLOCK).any():
        plain = plain.str.replace(COMPACT_CLOCK, "${1} ${2}:${3}${4}").str.replace(
            r"^(\d{8} \d{2}:\d{2})(\d{2})", "$1:$2"
        )
    return plain.str.strip_chars(" ,")


def days(day: pl.Series) -> pl.DataFrame:
    """Each distinct text of `day` with `format`, its date at midnight, and what one of numbers alone can be.

    Columns: day, format (null: no day), date, month_first, day_first; the last three Datetime("us").
    date is null where the order of day and month is open; a count of seconds or days may have a time, too.
    """
    frame = day.unique().alias("day").to_frame()
    dates = {name: _dated(frame["day"], pattern) for name, pattern in BY_PARTS.items()}
    dates |= {name: _counted(frame["day"], name) for name in COUNTS}
    numeric = frame["day"].str.extract_groups(NUMERIC).struct.unnest()
    month_first, day_first = (_midnight(numeric, *order) for order in (("one", "two"), ("two", "one")))
    read = frame.with_columns(date.alias(name) for name, date in dates.items())
    formats = pl.coalesce(pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in dates)
    return read.select("day", format=formats, date=pl.coalesce(list(dates))).with_columns(
        month_first=month_first, day_first=day_first
    )


def _dated(day: pl.Series, patterns: tuple[str, ...]) -> pl.Series:
    read = [_midnight(day.str.extract_groups(each).struct.unnest(), "month", "day") for each in patterns]
    return (
        pl.DataFrame({str(n): each for n, each in enumerate(read)}).select(pl.coalesce(pl.all())).to_series()
    )


def _midnight(parts: pl.DataFrame, month: str, day: str) -> pl.Series:
    """Datetime("us") of text parts; a year of two digits is between 1970 and 2069."""
    year = pl.col("year").cast(pl.Int32)
    short = pl.col("year").str.len_chars() == 2
    full = pl.when(short).then(year + pl.when(year < 70).then(2000).otherwise(1900)).otherwise(year)
    text = pl.format("{}-{}-{}", full, pl.col(month), pl.col(day))
    return parts.select(text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))).to_series()


def _counted(day: pl.Series, name: str) -> pl.Series:
    pattern, unit, start = COUNTS[name]
    count = day.to_frame("day").select(
        pl.when(pl.col("day").str.contains(pattern)).then(
            pl.col("day").cast(pl.Float64, strict=False) - start
        )
    )
    return (count.to_series() * unit).round().cast(pl.Int64).cast(pl.Datetime("us"))
