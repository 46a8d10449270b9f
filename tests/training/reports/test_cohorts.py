"""Cohorts by hand: who came back in which month, and what they brought by then."""

from datetime import date

from sales import sale, shop_of

from features.home import Home
from features.insights.report import Table
from training.reports.cohorts import cohorts

EVENTS = [
    sale("o-1", "ann", "2025-12-30", ("pot", 1, 30.0), ("tea", 1, 10.0)),
    sale("o-2", "bob", "2025-12-05", ("tea", 2, 10.0)),
    sale("o-3", "ann", "2026-01-02"),
    sale("o-4", "ann", "2026-03-15"),
    sale("o-5", "cat", "2026-02-14"),
    sale("o-6", "bob", "2026-04-02"),  # April is not over on the 20th
]


def tables(home: Home) -> dict[str, Table]:
    part = cohorts(shop_of(home, EVENTS, date(2026, 4, 20), tea={}, pot={}), "EUR")
    return {each.name: each for each in part.tables}


def test_retention_counts_calendar_months_and_only_finished_ones(home: Home) -> None:
    rows = tables(home)["retention"].rows
    assert rows == [["2025-12", 2, 1.0, 0.5, 0.0, 0.5], ["2026-02", 1, 1.0, 0.0, None, None]]


def test_revenue_adds_up(home: Home) -> None:
    rows = tables(home)["revenue_cohorts"].rows
    assert rows == [["2025-12", 2, 30.0, 35.0, 35.0, 40.0], ["2026-02", 1, 10.0, 10.0, None, None]]


def test_the_dearest_line_of_the_first_order_is_the_first_product(home: Home) -> None:
    table = tables(home)["by_first_product"]
    assert [column.name for column in table.columns[:4]] == [
        "first_product",
        "customers",
        "repeat_rate",
        "ltv",
    ]
    assert [row[:4] for row in table.rows] == [["Tea", 2, 0.5, 20.0], ["Pot", 1, 1.0, 60.0]]


def test_revenue_within_a_time_is_that_of_those_who_had_the_time(home: Home) -> None:
    tea, pot = tables(home)["by_first_product"].rows
    assert pot[4:] == [60.0, None, None]  # ann: 30 December to 20 April are 111 days
    assert tea[4:] == [20.0, None, None]  # bob alone: cat came 65 days ago; his second order came after 118
