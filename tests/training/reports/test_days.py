"""Figures of a period are sums of days: by hand, and all of them together are the all-time report."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from histories import archive
from sales import refund, sale, shop_of

from features.catalogue.channel_costs import merge_costs
from features.home import Home
from features.insights.days import CurrencyDays, ShopDays, Sums
from features.insights.period_figures import figures_of_period, period_report
from features.insights.periods import Period, PeriodAsk
from features.insights.report import Report
from training.ledger.shop import Shop, load_shop
from training.reports.channels import channels
from training.reports.days import days_of
from training.reports.kpi import kpi

EVENTS = [
    sale("o-1", "ann", "04-01", ("tea", 1, 10.01), ("pot", 1, 30.0)),
    sale("o-2", "ann", "04-21", ("tea", 2, 10.0), coupon="HELLO"),
    sale("o-3", "ann", "05-31", ("tea", 1, 10.0), discount=0.33),
    sale("o-4", "bob", "05-02", ("pot", 1, 30.0)),
    refund("o-4", "05-20", ("pot", 1)),
    sale("o-5", None, "06-03", ("tea", 3, 9.99)),
    sale("o-6", "cat", "06-04", ("tea", 1, 10.0), ("mug", 1, 10.0)),
    sale("o-7", "cat", "06-20", ("tea", 1, 7.0), currency="GBP"),
    sale("o-8", "dan", "06-21", ("tea", 1, 8.0), currency="GBP"),
]
COSTS = {"tea": {"cost": 6.0}, "pot": {"cost": 20.0}, "mug": {"cost": 4.0}}


def spend(home: Home, *rows: tuple[str, float]) -> None:
    costs = pl.DataFrame(rows, schema=["date", "spend"], orient="row")
    merge_costs(
        home, costs.with_columns(pl.col("date").str.to_date(), channel=pl.lit("ads"), currency=pl.lit("EUR"))
    )


def values(report: Report, part: int = 0) -> dict[str, Any]:
    return {each.name: each.value for each in report.parts[part].figures}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    home = Home(tmp_path_factory.mktemp("days"))
    spend(home, ("2026-04-01", 12.0), ("2026-06-01", 6.0), ("2026-06-04", 3.0))
    return shop_of(home, EVENTS, **COSTS)


def test_all_days_together_are_the_figures_of_all_time(shop: Shop) -> None:
    days = days_of(shop, [])
    report = period_report(days, days.all_time)
    assert [part.currency for part in report.parts] == ["EUR", "GBP"]
    for number, currency in enumerate(("EUR", "GBP")):
        own = shop.of(currency)
        known = [*kpi(own, currency).figures, *channels(own, currency).figures]
        all_time = {each.name: each.value for each in known}
        of_days = values(report, number)
        both = sorted(of_days.keys() & all_time.keys())
        assert len(both) == 15
        assert [of_days[name] for name in both] == pytest.approx([all_time[name] for name in both], abs=5e-7)
    assert values(report)["units"] == 10  # the pot that came back is none


def test_a_period_by_hand_beside_the_one_before(shop: Shop) -> None:
    report = period_report(days_of(shop, []), Period(date(2026, 5, 31), date(2026, 6, 4)))
    figures: dict[str, Any] = {each.name: (each.value, each.before) for each in report.parts[0].figures}
    assert figures["revenue"] == (pytest.approx(9.67 + 29.97 + 20.0), 0.0)
    assert figures["orders"] == (3, 0)
    assert figures["aov"] == (pytest.approx(59.64 / 3), None)
    assert figures["margin"] == (pytest.approx(59.64 - 6 - 18 - 10), 0.0)
    assert figures["customers"] == (2, 1)  # bob's order went back
    assert figures["new_customers"] == (1, 0)
    assert figures["repeat_rate"] == (0.5, 1.0)
    assert figures["returning_share"][0] == pytest.approx(9.67 / 29.67, abs=1e-6)
    assert figures["spend"] == (9.0, 0.0)
    assert figures["cac"] == (9.0, None)
    (series,) = report.parts[0].tables
    assert [row[:4] for row in series.rows][:2] == [
        ["2026-05-31", pytest.approx(9.67), 0.0, 1],
        ["2026-06-01", 0.0, 0.0, 0],
    ]
    assert len(series.rows) == 5


def test_what_stands_at_the_first_of_a_month_alone_is_spread_over_it(shop: Shop) -> None:
    half = period_report(days_of(shop, []), Period(date(2026, 4, 1), date(2026, 4, 15)))
    assert values(half)["spend"] == 6.0


def test_a_shop_that_is_younger_than_the_period_before_has_nothing_to_compare_with(shop: Shop) -> None:
    report = period_report(days_of(shop, []), Period(date(2026, 4, 3), date(2026, 6, 30)))
    assert {each.before for each in report.parts[0].figures} == {None}


def test_a_day_that_is_not_over_is_no_whole_day(home: Home) -> None:
    archive(home, EVENTS)
    noon = datetime(2026, 6, 21, 12, tzinfo=UTC)
    days = days_of(load_shop(home, noon.date(), with_forecast=False, now=noon), [])
    assert PeriodAsk(days=7).period(days.as_of, days.whole) == Period(date(2026, 6, 14), date(2026, 6, 20))


def test_days_of_five_years_are_added_up_without_the_history(home: Home) -> None:
    part = CurrencyDays("EUR", date(2021, 1, 1), [Sums(revenue=0.1, orders=1)] * 2_000)
    report = period_report(
        ShopDays(date(2026, 6, 23), date(2026, 6, 22), [part]), Period(date(2021, 1, 1), date(2026, 6, 23))
    )
    assert values(report)["revenue"] == 200.0
    assert figures_of_period(home, PeriodAsk(days=7)) is None  # nothing was written
