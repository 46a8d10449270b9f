"""All reports of shops of any size, from none to several currencies, and as of any day."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from histories import archive, old_clocks
from sales import AS_OF, refund, sale, shop_of

from features.home import Home
from features.insights.definitions import DEFINITIONS
from features.insights.report import Cell, Report
from features.insights.report_files import INSIGHTS, read_report
from features.merchant.tiers import TIERS_FILE
from recommender.value.segments import SEGMENTS
from training.reports.build import BUILDERS, build_report, newest_day, write_insights

from factories import NOW

SOME = [
    sale("o-1", "ann", "05-01", ("tea", 20, 10.0)),
    sale("o-2", "ann", "05-31", ("pot", 1, 60.0), coupon="HELLO"),
    sale("o-3", "bob", "06-20"),
    sale("o-4", "cat", "01-20"),
]
GOODS = {
    "tea": {"category": "Pantry", "brand": "Fern", "price": 10.0},
    "pot": {"category": "Kitchen", "brand": "Fern", "price": 60.0},
}


def rows(report: Report, table: str) -> list[list[Cell]]:
    return next(each.rows for part in report.parts for each in part.tables if each.name == table)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_shop_without_orders_says_how_to_get_some(home: Home, name: str) -> None:
    report = build_report(shop_of(home, []), name)
    assert report.notes == ["No orders yet: `perennial import orders FILE` brings them in."]
    assert len(report.parts) == 1


def test_orders_of_impossible_times_count_in_no_report(home: Home) -> None:
    archive(home, old_clocks())
    shop = shop_of(home, SOME)
    assert newest_day(home, NOW) == date(2026, 6, 20)
    assert shop.ledger.orders["timestamp"].dt.year().unique().to_list() == [2026]


@pytest.mark.parametrize("customers", [1, 2, 40])
def test_small_shops_have_every_report_and_a_warning(home: Home, customers: int) -> None:
    events = [
        sale(f"o-{n}-{k}", f"c-{n}", f"0{k + 3}-1{n % 9}") for n in range(customers) for k in range(1 + n % 3)
    ]
    shop = shop_of(home, events)
    for name in BUILDERS:
        report = build_report(shop, name)
        assert "Only" in report.notes[0]
        assert json.loads(msgspec.json.encode(report))["name"] == name


def test_currencies_are_kept_apart(home: Home) -> None:
    events = [*SOME, sale("o-9", "ann", "06-01", ("tea", 1, 8.0), currency="GBP")]
    report = build_report(shop_of(home, events), "kpi")
    values = {part.currency: {each.name: each.value for each in part.figures} for part in report.parts}
    assert list(values) == ["EUR", "GBP"]
    assert (values["EUR"]["revenue"], values["GBP"]["revenue"]) == (280.0, 8.0)
    assert (values["EUR"]["customers"], values["GBP"]["customers"]) == (3, 1)
    assert values["GBP"]["ltv_predicted_365d"] is None
    assert "EUR (4 orders), GBP (1 orders)" in report.notes[0]


def test_segments_tiers_and_what_is_expected(home: Home) -> None:
    home.root.mkdir()
    (home.root / TIERS_FILE).write_text(
        '{"tiers": [{"name": "Silver", "threshold": 50}, {"name": "Gold", "threshold": 300}]}'
    )
    report = build_report(shop_of(home, SOME), "segments")
    segments = {row[0]: row[1:5] for row in rows(report, "segments")}
    assert list(segments) == [segment.name for segment in SEGMENTS]
    assert segments["promising"] == [
        1,
        pytest.approx(1 / 3, abs=1e-6),
        260.0,
        pytest.approx(260 / 280, abs=1e-6),
    ]
    assert (segments["new"][0], segments["one-time"][0], segments["lost"][0]) == (1, 1, 0)
    assert rows(report, "tiers") == [["Gold", 300.0, 0, 0], ["Silver", 50.0, 1, 1], ["none yet", 0.0, 2, 0]]
    assert sum(number for _, number, *_ in rows(report, "bands") if isinstance(number, int)) == 3


def test_tiers_that_cannot_be_used_are_a_note_and_no_figure_waits_for_them(home: Home) -> None:
    home.root.mkdir()
    (home.root / TIERS_FILE).write_text("{")
    report = build_report(shop_of(home, SOME), "segments")
    assert "tiers.json" in report.notes[0]
    assert rows(report, "segments")


def test_affinities(home: Home) -> None:
    report = build_report(shop_of(home, SOME, **GOODS), "affinities")
    assert rows(report, "by_category") == [
        ["Pantry", 3, 3, 220.0, pytest.approx(220 / 280, abs=1e-6), 0.0],
        ["Kitchen", 1, 1, 60.0, pytest.approx(60 / 280, abs=1e-6), 0.0],
    ]
    assert rows(report, "by_brand") == [["Fern", 3, 4, 280.0, 1.0, pytest.approx(1 / 3, abs=1e-6)]]
    assert [row[:3] for row in rows(report, "by_discount")] == [
        ["never", 2, 2],
        ["up to a third of orders", 0, 0],
        ["up to two thirds", 1, 2],
        ["more", 0, 0],
    ]


def test_every_customer_in_a_row_those_who_brought_most_first(home: Home) -> None:
    report = build_report(shop_of(home, SOME), "customers")
    (table,) = report.parts[0].tables
    names = [column.name for column in table.columns]
    ann: dict[str, Any] = dict(zip(names, table.rows[0], strict=True))
    assert [row[0] for row in table.rows] == ["ann", "bob", "cat"]
    assert (ann["segment"], ann["orders"], ann["revenue"], ann["last_order"]) == (
        "promising",
        2,
        260.0,
        "2026-05-31",
    )
    assert ann["predicted_low"] <= ann["predicted_365d"] <= ann["predicted_high"]
    assert ann["p_alive"] is None  # so few show nobody leaving


@pytest.mark.parametrize("name", BUILDERS)
def test_a_day_of_the_past_knows_nothing_of_what_followed(home: Home, name: str) -> None:
    before = build_report(shop_of(home, SOME, date(2026, 5, 15)), name)
    later = [refund("o-1", "05-20", ("tea", 20)), sale("o-8", "ann", "06-01", ("pot", 9, 60.0))]
    again = build_report(shop_of(home, later, date(2026, 5, 15)), name)
    assert again == before


def test_what_training_writes_the_service_reads(home: Home) -> None:
    shop_of(home, SOME)
    assert newest_day(home, NOW) == date(2026, 6, 20)
    write_insights(home)
    for name in INSIGHTS:
        report = msgspec.json.decode(read_report(home, name) or b"", type=Report)
        assert (report.name, report.as_of) == (name, "2026-06-20")
    files = {*INSIGHTS, "days", "recommendation_days"}
    assert {path.name for path in home.reports.iterdir()} == {f"{name}.json" for name in files}


def test_every_figure_and_column_is_defined(home: Home) -> None:
    shop = shop_of(home, SOME, AS_OF, **GOODS)
    own = {"expected_share", "threshold", *(f"m{age}" for age in range(25))}
    for name in BUILDERS:
        for part in build_report(shop, name).parts:
            assert {each.name for each in part.figures} <= set(DEFINITIONS)
            named = {column.name for table in part.tables for column in table.columns}
            assert named <= set(DEFINITIONS) | own


def test_a_living_shop_is_looked_at_today_and_a_data_set_in_its_time(home: Home) -> None:
    shop_of(home, SOME)
    newest = datetime(2026, 6, 20, 12, tzinfo=UTC)
    assert newest_day(home, newest + timedelta(days=30)) == date(2026, 7, 20)
    assert newest_day(home, newest + timedelta(days=32)) == date(2026, 6, 20)
