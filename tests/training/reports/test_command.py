"""`perennial report` as it is typed: every format, a day of the past, a shop without orders."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sales import sale, shop_of
from typer.testing import CliRunner

from features.home import Home
from features.reports.files import read_report
from training.reports.command import report

runner = CliRunner()


def run(home: Home, *words: str) -> str:
    result = runner.invoke(report, [*words, "--home", str(home.root)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def shop(home: Home) -> Home:
    """Two customers, one of whom came back in June."""
    shop_of(home, [sale("o-1", "ann", "05-01"), sale("o-2", "bob", "05-02"), sale("o-3", "ann", "06-02")])
    return home


def test_on_the_terminal(shop: Home) -> None:
    text = run(shop, "kpi")
    assert "Repeat rate" in text
    assert "30.00 EUR" in text
    assert "█" in text


@pytest.mark.parametrize("about", ["kpi", "cohorts", "segments", "channels", "affinities"])
def test_as_json_and_in_a_file_for_the_service(shop: Home, about: str) -> None:
    told = json.loads(run(shop, "kpi", "--about", about, "--format", "json"))
    assert (told["name"], told["as_of"]) == (about, "2026-06-02")
    assert json.loads(read_report(shop, about) or b"") == told


def test_a_day_of_the_past_leaves_the_service_s_figures_alone(shop: Home) -> None:
    told = json.loads(run(shop, "kpi", "--as-of", "2026-05-15", "--format", "json"))
    figures = {each["name"]: each["value"] for each in told["parts"][0]["figures"]}
    assert (told["as_of"], figures["orders"], figures["repeat_rate"]) == ("2026-05-15", 2, 0.0)
    assert read_report(shop, "kpi") is None


def test_customers_as_a_table_of_their_own(shop: Home) -> None:
    rows = list(csv.DictReader(io.StringIO(run(shop, "customers", "--format", "csv"))))
    assert [(row["customer_id"], row["orders"], row["revenue"]) for row in rows] == [
        ("ann", "2", "20.0"),
        ("bob", "1", "10.0"),
    ]


def test_as_a_page(shop: Home) -> None:
    assert run(shop, "customers", "--format", "html").startswith("<!doctype html>")


def test_a_shop_without_orders(home: Home) -> None:
    assert "perennial import orders" in " ".join(run(home, "kpi").split())


def test_a_day_that_is_none(shop: Home) -> None:
    result = runner.invoke(report, ["kpi", "--as-of", "soon", "--home", str(shop.root)])
    assert result.exit_code == 2
