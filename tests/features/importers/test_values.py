from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.importers.refusal import ImportRefused
from features.importers.values import DAY_FIRST, ISO, MONTH_FIRST, number, read_times


@pytest.mark.parametrize(
    ("text", "value"),
    [("6", 6), ("-2.55", -2.55), ("1e400", None), ("nan", None), ("2,55", None), (None, None)],
)
def test_plain_numbers(text: str | None, value: float | None) -> None:
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


DAY = datetime(2025, 1, 31, tzinfo=UTC)
AFTERNOON = DAY.replace(hour=14, minute=5)


@pytest.mark.parametrize(
    "text",
    [
        "31.01.2025 14:05",
        "31. 01. 2025 14:05",
        "1/31/2025 2:05 PM",
        "1/31/2025, 2:05:00 p.m.",
        "1/31/2025 2:05\u202fPM",
        "31/01/25 14:05",
        "31.01.2025, 14:05 Uhr",
        "Jan 31, 2025 2:05 pm",
        "January 31st, 2025 at 2:05 PM",
        "31-Jan-2025 14:05:00",
        "31-JAN-25 02.05.00.000000 PM",
        "31. Januar 2025 14:05",
        "Freitag, 31. Jänner 2025, 14:05",
        "vendredi 31 janvier 2025 à 14h05",
        "31 de enero de 2025 14:05",
        "31 gennaio 2025 14:05",
        "vr 31 januari 2025 14:05",
        "31 stycznia 2025 14:05",
        "31 de janeiro de 2025 às 14:05",
        "20250131140500",
        "20250131T140500Z",
        "1738332300",
        "1738332300.0",
        "1738332300000",
        "Fri, 31 Jan 2025 15:05:00 +0100",
        "Fri Jan 31 2025 15:05:00 GMT+0100 (Central European Standard Time)",
        "2025-01-31T15:05:00+01:00[Europe/Berlin]",
        "2025-01-31 15:05 CET",
        "2025/01/31 14:05",
        "'2025-01-31 14:05",
    ],
)
def test_usual_writings_of_a_moment(text: str) -> None:
    assert read_times(pl.Series([text])).values.to_list() == [AFTERNOON]


@pytest.mark.parametrize(
    "text", ["31 Jan 2025", "20250131", "45688", "2025.01.31", "31/01/25", "2025-Jan-31"]
)
def test_a_day_without_a_clock_is_its_midnight(text: str) -> None:
    assert read_times(pl.Series([text])).values.to_list() == [DAY]


MONTHS = {
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",  # noqa: E501
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december",
    "Polish": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",  # noqa: E501
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "English": "January February March April May June July August September October November December",
    "short German": "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "short French": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "short Polish": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
}


@pytest.mark.parametrize("language", MONTHS)
def test_months_by_name(language: str) -> None:
    dates = pl.Series([f"3 {month} 2025" for month in MONTHS[language].split()])
    assert read_times(dates).values.dt.month().to_list() == list(range(1, 13))


@pytest.mark.parametrize(
    ("text", "hour"), [("12:30 AM", 0), ("12:30 PM", 12), ("1:30 a.m.", 1), ("11:30pm", 23), ("13:30 PM", 13)]
)
def test_twelve_at_noon_and_at_night(text: str, hour: int) -> None:
    assert read_times(pl.Series([f"2025-01-31 {text}"])).values.dt.hour().to_list() == [hour]


def test_local_times_are_those_of_the_zone() -> None:
    texts = ["2025-07-01 12:00:00", "2025-01-01 12:00:00", "2025-03-30 02:30:00", "2025-10-26 02:30:00"]
    expected = ["07-01 10:00", "01-01 11:00", "03-30 01:30", "10-26 00:30"]
    assert (
        read_times(pl.Series(texts), "Europe/Berlin").values.dt.strftime("%m-%d %H:%M").to_list() == expected
    )
    with_zone = [*texts, "2025-07-01 12:00 UTC", "1738332300"]
    read = read_times(pl.Series(with_zone), "Europe/Berlin").values
    assert read.dt.strftime("%m-%d %H:%M").to_list() == [*expected, "07-01 12:00", "01-31 14:05"]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ImportRefused, match="Europe/Berlin"):
        read_times(pl.Series(["2025-07-01 12:00"]), "Berlin")


@pytest.mark.parametrize(
    "text", ["2025-01-31 14:05 XYZ", "31/02/2025", "2025-01-31 25:00", "0000-00-00 00:00:00"]
)
def test_no_day_or_hour_is_made_up(text: str) -> None:
    assert read_times(pl.Series([text])).values.to_list() == [None]


def test_dots_mean_day_first_and_newest_first_is_an_order_too() -> None:
    assert read_times(pl.Series(["01.02.2025", "03.02.2025"])).warnings == []
    assert read_times(pl.Series(["2/10/2025", "1/12/2025", "1/11/2025"])).format == MONTH_FIRST


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(
        [
            "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%dT%H:%M:%SZ",
            "%d.%m.%Y %H:%M:%S",
            "%d %b %Y %H:%M:%S",
            "%B %d, %Y %I:%M:%S %p",
        ]
    ),
)
def test_any_moment_in_any_writing_reads_back(moments: list[datetime], writing: str) -> None:
    exact = [moment.replace(microsecond=0, tzinfo=UTC) for moment in moments]
    read = read_times(pl.Series([moment.strftime(writing) for moment in exact]))
    assert read.values.to_list() == exact
    assert read.warnings == []
