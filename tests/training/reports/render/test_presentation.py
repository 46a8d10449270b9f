"""A report as text, CSV and a page: what is shown, and that no text of a shop does anything."""

import csv
import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from features.home import Home
from features.importers.statuses import statuses_section
from features.insights.definitions import Unit, figures_page
from features.insights.html_page import as_html
from features.insights.report import Cell, Part, Plot, Report, figure, table
from features.insights.report_files import read_report, write_report
from features.insights.text import bar, shown
from training.reports.render.spreadsheet import as_csv
from training.reports.render.terminal import print_report

DOCS = Path(__file__).parents[4] / "docs"
NAMES = table(
    "by_channel",
    "Channels",
    ["channel", "customers", "ltv", "verdict"],
    [["=HYPERLINK(1)", 8, 20.0, "pays"], ["</script><b>", 4, None, None], ["-", -2, -1.5, "loses"]],
    Plot("bars", "customers"),
)
REPORT = Report(
    "kpi",
    "Key figures",
    "2026-06-30",
    [Part("EUR", [figure("aov", 1234.5), figure("ltv", float("nan"))], [NAMES])],
    ["Note"],
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.5, "money", "1,234.50 EUR"),
        (1234567.8, "money", "1,234,568 EUR"),
        (0.1234, "share", "12.3 %"),
        (3.14, "ratio", "3.1 : 1"),
        (12345, "count", "12,345"),
        (7.26, "days", "7.3 days"),
        (2.0, "number", "2.00"),
        (None, "money", "–"),
        ("word", "text", "word"),
    ],
)
def test_text(value: Cell, unit: Unit, text: str) -> None:
    assert shown(value, unit, "EUR") == text


@pytest.mark.parametrize(
    ("value", "drawn"), [(8, "████"), (4, "██"), (1, "▌"), (0, ""), (-3, ""), (5.25, "██▋")]
)
def test_bars_are_drawn_in_eighths(value: float, drawn: str) -> None:
    assert bar(value, 8, 4) == drawn


def test_nothing_has_no_bar() -> None:
    assert bar(5, 0, 4) == ""


def test_csv_has_a_line_a_figure_and_cell_and_no_formula() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(REPORT))))
    assert lines[0] == {
        "currency": "EUR",
        "table": "figures",
        "row": "",
        "measure": "aov",
        "value": "1234.5",
        "unit": "money",
    }
    assert {line["row"] for line in lines[2:]} == {"'=HYPERLINK(1)", "</script><b>", "'-"}
    assert lines[-2]["value"] == "-1.5"  # a number, not text: it stays one


def test_a_report_of_one_table_is_that_table() -> None:
    report = Report("by_channel", "Channels", "2026-06-30", [Part("EUR", [], [NAMES])])
    lines = as_csv(report).splitlines()
    assert lines[:2] == ["currency,channel,customers,ltv,verdict", "EUR,'=HYPERLINK(1),8,20.0,pays"]


def test_the_page_holds_everything_and_no_text_ends_its_script() -> None:
    page = as_html(REPORT)
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data) == json.loads(msgspec.json.encode(REPORT))
    assert page.count("</script>") == 3  # uPlot, the figures, what draws them
    assert not re.search(r'(?:src|href)="(?!data:)', page)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_terminal_shows_every_cell_whatever_its_width(width: int) -> None:
    console = Console(file=(printed := io.StringIO()), width=width, color_system=None)
    print_report(REPORT, console)
    text = printed.getvalue()
    for word in (
        "Key figures",
        "2026-06-30",
        "Note",
        "1,234.50 EUR",
        "=HYPERLINK(1)",
        "</script><b>",
        "pays",
    ):
        assert word in text
    assert "█" in text
    assert max(map(len, text.splitlines())) <= width


def test_numbers_that_are_none_are_null() -> None:
    assert json.loads(msgspec.json.encode(REPORT))["parts"][0]["figures"][1]["value"] is None


def test_files_are_replaced_whole(home: Home) -> None:
    assert read_report(home, "kpi") is None
    write_report(home, REPORT)
    write_report(home, Report("kpi", "Later", "2026-07-01"))
    assert msgspec.json.decode(read_report(home, "kpi") or b"", type=Report).title == "Later"
    assert [path.name for path in home.reports.iterdir()] == ["kpi.json"]


def test_the_documented_definitions_are_those_in_use() -> None:
    assert (DOCS / "figures.md").read_text("utf-8") == figures_page(statuses_section())


def test_of_many_months_the_newest_are_shown() -> None:
    months = [f"{2020 + number // 12}-{number % 12 + 1:02}" for number in range(40)]
    rows = [[month, 10.0 * number] for number, month in enumerate(months)]
    drawn = table("by_month", "Months", ["month", "revenue"], rows, Plot("line", "revenue"))
    console = Console(file=(printed := io.StringIO()), width=80, color_system=None)
    print_report(Report("kpi", "Key figures", "2023-04-30", [Part("EUR", [], [drawn])]), console)
    text = printed.getvalue()
    assert months[-1] in text
    assert months[0] not in text
    assert "14 more" in text
