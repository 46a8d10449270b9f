"""The first page: what was earned, how the shop does, what needs attention, what to do next."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from features.home import Home
from features.insights.attention import Attention, AttentionReport, write_attention
from features.insights.days import CurrencyDays, ShopDays, Sums, write_days
from features.insights.report import Part, Report, table
from features.insights.report_files import write_report
from training.reports.earned import PERIOD_COLUMNS

PAGE = "/console/this-week"
NOW = datetime.now(UTC)
TODAY = NOW.date()
SEGMENTS = ("segment", "customers", "predicted_365d", "advice")
REFILLS = ("product", "due_customers", "due_orders", "due_revenue")


def with_figures(home: Home, low: float = 10.0) -> None:
    days = [Sums(revenue=50.0, orders=1)] * 40 + [Sums(revenue=100.0, orders=2)] * 28
    part = CurrencyDays("EUR", TODAY - timedelta(days=68), days)
    write_days(home, ShopDays(TODAY, TODAY - timedelta(days=1), [part]))
    row = [28, 500.0, low, 990.0, "margin", 40, "Perennial earned about 500."]
    write_report(
        home,
        Report(
            "experiments", "", "2026-06-30", [Part("EUR", [], [table("earned", "", PERIOD_COLUMNS, [row])])]
        ),
    )
    steps = [
        table("segments", "", SEGMENTS, [["at risk", 181, 32313.0, "Remind them"]]),
        table("refills", "", REFILLS, [["Green tea", 6, 2.5, 37.8]]),
    ]
    write_report(home, Report("next_steps", "", "2026-06-30", [Part("EUR", [], steps)]))


def test_before_any_order_it_says_what_to_do_first(console: httpx.Client) -> None:
    page = console.get(PAGE)
    assert page.status_code == 200
    assert "No orders yet" in page.text
    assert 'href="/console/data"' in page.text


def test_what_was_earned_and_the_figures_with_those_before(console: httpx.Client, served_home: Home) -> None:
    with_figures(served_home)
    page = console.get(PAGE).text
    assert "Perennial earned you about €500 in these 28 days: between €10 and €990" in page
    assert "€2,800" in page  # 28 days of 100
    assert "before: €1,400 (▲ 100%)" in page
    assert "At risk" in page
    assert "181 customers, €32,313 expected in a year" in page
    assert "Green tea" in page
    week = console.get(PAGE, params={"days": 7}).text
    assert "€700" in week
    assert "What Perennial earned is known for" in week


def test_what_is_not_sure_is_not_said_to_be(console: httpx.Client, served_home: Home) -> None:
    with_figures(served_home, low=-20.0)
    assert "Perhaps Perennial earned you €500" in console.get(PAGE).text


@pytest.mark.parametrize(
    ("language", "remedy"), [("en", "Raise it at Offers"), ("de", "Erhöhen Sie es unter")]
)
def test_what_needs_attention_has_a_remedy_in_the_reader_s_language(
    console: httpx.Client, served_home: Home, language: str, remedy: str
) -> None:
    items = [
        Attention("budget_spent", "100% promised", "Raise it.", "spring"),
        Attention("odd", "<b>", "Do this."),
    ]
    write_attention(served_home, AttentionReport(NOW, items))
    page = console.get(PAGE, headers={"Accept-Language": language}).text
    assert remedy in page
    assert "spring" in page
    assert "Do this." in page
    assert "<b>" not in page
