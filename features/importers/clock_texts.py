"""The clock in a text of a moment: its time of day, with AM and PM, and its zone."""

from typing import NamedTuple

import polars as pl

ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "mez": 60, "cest": 120,
    "mesz": 120, "eet": 120, "eest": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420,
    "mdt": -360, "pst": -480, "pdt": -420,
}  # fmt: skip
"""Minutes ahead of UTC."""

CLOCK = (
    r"(?:^|[ t])(?<hour>\d{1,2})[:.h](?<minute>\d{2})(?:[:.](?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?"
    r" ?(?<half>[ap]\.? ?m\b\.?)? ?(?:uhr|h)? ?"
    r"(?:(?:utc|gmt)?(?<offset>[+-]\d{2}:?\d{2}|[+-]\d{1,2})|(?<zone>[a-z]{1,4}))?$"
)


class Moments(NamedTuple):
    """Texts cut in two: the day, and the clock as microseconds since midnight and minutes ahead of UTC.

    microseconds: Int64, null where the clock is none; offset: Int32, null where no zone is named.
    """

    day: pl.Series
    microseconds: pl.Series
    offset: pl.Series


def cut(text: pl.Series) -> Moments:
    """Tidy texts as day and clock; a text without a clock is midnight."""
    clock = text.str.extract_groups(CLOCK).struct.unnest()
    has_clock = clock["hour"].is_not_null()
    day = text.to_frame("text").select(
        pl.when(has_clock).then(pl.col("text").str.replace(CLOCK, "")).otherwise("text").str.strip_chars(" ,")
    )
    hour, minute = pl.col("hour").cast(pl.Int64), pl.col("minute").cast(pl.Int64)
    second = pl.col("second").cast(pl.Int64).fill_null(0)
    fraction = pl.col("fraction").str.pad_end(9, "0").str.head(6).cast(pl.Int64).fill_null(0)
    afternoon = pl.col("half").str.starts_with("p")
    hour = (
        pl.when(afternoon.is_null() | (afternoon & (hour > 12)))
        .then(hour)
        .when(hour <= 12)
        .then(hour % 12 + 12 * afternoon)
    )
    known_zone = pl.col("zone").is_null() | pl.col("zone").is_in(list(ZONES))
    sound = (hour < 24) & (minute < 60) & (second < 60) & known_zone
    microseconds = pl.when(sound).then(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction)
    return Moments(
        day.to_series(),
        clock.select(pl.when(has_clock).then(microseconds).otherwise(0)).to_series(),
        clock.select(_offset()).to_series(),
    )


def _offset() -> pl.Expr:
    digits = pl.col("offset").str.replace_all(r"[^\d]", "")
    hours = pl.when(digits.str.len_chars() > 2).then(digits.str.head(-2)).otherwise(digits).cast(pl.Int32)
    minutes = (
        pl.when(digits.str.len_chars() > 2).then(digits.str.tail(2)).otherwise(pl.lit("0")).cast(pl.Int32)
    )
    sign = pl.when(pl.col("offset").str.starts_with("-")).then(-1).otherwise(1)
    named = pl.col("zone").replace_strict(ZONES, default=None, return_dtype=pl.Int32)
    return pl.coalesce(sign * (hours * 60 + minutes), named)
