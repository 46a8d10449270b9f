from datetime import UTC, datetime

import polars as pl
import pytest

from features.importers.values import DAY_FIRST, ISO, MONTH_FIRST, number, read_times


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", 6),
        ("-2.55", -2.55),
        ("1,234,567.50", 1234567.5),
        ("1,234", 1234),
        ("2,55", 2.55),
        ("£2.55", 2.55),
        ("1e400", None),
        ("nan", None),
        ("six", None),
        (None, None),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    assert pl.select(number(pl.lit(text, pl.String))).item() == value


AT = datetime(2011, 11, 1, 8, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2011-11-01 08:16:00 +0000",
        "2011-11-01T08:16:00Z",
        "2011-11-01T09:16:00.000+01:00",
        "2011-11-01 08:16:00.000000 UTC",
        "2011-11-01 08:16",
        "2011-11-01T08:16:00.000000+00:00",
    ],
)
def test_iso_spellings(text: str) -> None:
    times = read_times(pl.Series([text]))
    assert (times.values.to_list(), times.format, times.warnings) == ([AT], ISO, [])


@pytest.mark.parametrize(
    ("texts", "format", "first"),
    [
        (["12/1/2010 8:26", "12/13/2010 8:26"], MONTH_FIRST, datetime(2010, 12, 1, 8, 26, tzinfo=UTC)),
        (["01.12.2010", "13.12.2010"], DAY_FIRST, datetime(2010, 12, 1, tzinfo=UTC)),
        (["1/12/10 8:26:01", "13/12/10 8:26:02"], DAY_FIRST, datetime(2010, 12, 1, 8, 26, 1, tzinfo=UTC)),
    ],
)
def test_one_date_tells_the_order_of_all(texts: list[str], format: str, first: datetime) -> None:
    times = read_times(pl.Series(texts))
    assert (times.format, times.values[0], times.warnings) == (format, first, [])


@pytest.mark.parametrize(
    ("texts", "format"),
    [
        (["12/1/2010", "12/2/2010", "12/3/2010"], MONTH_FIRST),
        (["1/12/2010", "2/12/2010", "3/12/2010"], DAY_FIRST),
        (["3/12/2010", "1/12/2010", "2/12/2010"], DAY_FIRST),
    ],
)
def test_ambiguous_dates_are_read_the_likelier_way_and_said(texts: list[str], format: str) -> None:
    times = read_times(pl.Series(texts))
    assert times.format == format
    assert "taken as" in times.warnings[0]


def test_a_second_format_is_read_only_where_it_is_unambiguous() -> None:
    times = read_times(
        pl.Series(["12/13/2010 8:00", "12/14/2010 8:00", "13/12/2010 8:00", "2010-12-15 08:00"])
    )
    assert times.values.is_null().to_list() == [False, False, True, False]
    assert "1 dates are ISO 8601" in times.warnings[0]


def test_what_is_no_date_is_null() -> None:
    assert read_times(pl.Series(["soon", None, "2010-13-45"])).values.null_count() == 3
