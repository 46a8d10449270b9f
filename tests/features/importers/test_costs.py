"""Spending files: what is read, what is set aside and why, and files that come again."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from features.catalogue.channel_costs import load_costs
from features.home import Home
from features.importers.costs import import_costs
from features.importers.refusal import ImportRefused
from features.importers.summary import CostsSummary

NOW = datetime(2026, 6, 30, tzinfo=UTC)


def imported(home: Home, tmp_path: Path, text: str, *, dry_run: bool = False) -> CostsSummary:
    file = tmp_path / "costs.csv"
    file.write_text(text, encoding="utf-8")
    return import_costs(home, file, dry_run=dry_run, now=NOW)


def test_days_add_up_and_what_is_wrong_is_set_aside(home: Home, tmp_path: Path) -> None:
    text = (
        'Date,Channel,Spend\n2026-05-01,google,10.50\n2026-05-01,google,"1,000.00"\n2026-05-02,=radio,5\n'
        "2026-05-03,,5\nsoon,google,5\n2026-05-04,google,much\n2026-05-05,google,-3\n2027-01-01,google,5\n"
    )
    summary = imported(home, tmp_path, text)
    assert load_costs(home).rows() == [
        (date(2026, 5, 1), "google", "", 1010.5),
        (date(2026, 5, 2), "=radio", "", 5.0),
    ]
    assert (summary.rows, summary.taken, sum(summary.set_aside.values())) == (8, 3, 5)
    assert (summary.first, summary.last, summary.channels) == (date(2026, 5, 1), date(2026, 5, 2), 2)
    with Path(summary.rejects_file or "").open(encoding="utf-8") as rejects:
        lines = list(csv.DictReader(rejects))
    assert [(line["line"], line["reason"].split(":")[0]) for line in lines] == [
        ("5", "Channel missing"),
        ("6", "Date missing or not in the format of the other lines"),
        ("7", "Spending missing, negative, not a number or above a thousand million"),
        ("8", "Spending missing, negative, not a number or above a thousand million"),
        ("9", "Date before 1990 or in the future"),
    ]


def test_a_day_that_comes_again_counts_as_it_is_now_and_others_stay(home: Home, tmp_path: Path) -> None:
    imported(home, tmp_path, "date,channel,spend\n2026-05-01,google,10\n2026-05-02,google,20\n")
    imported(home, tmp_path, "date,channel,spend\n2026-05-02,google,25\n2026-05-03,google,30\n")
    assert load_costs(home)["spend"].to_list() == [10.0, 25.0, 30.0]


def test_months_with_currencies(home: Home, tmp_path: Path) -> None:
    summary = imported(home, tmp_path, "channel;month;currency;cost\ngoogle;2026-05;eur;10,50\n")
    assert load_costs(home).rows() == [(date(2026, 5, 1), "google", "EUR", 10.5)]
    assert summary.spend == {"EUR": 10.5}


def test_a_dry_run_changes_nothing(home: Home, tmp_path: Path) -> None:
    summary = imported(home, tmp_path, "date,channel,spend\n2026-05-01,google,10\nx,google,1\n", dry_run=True)
    assert (summary.taken, summary.rejects_file) == (1, None)
    assert load_costs(home).is_empty()
    assert not (home.root / "reports").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [("date,channel\n2026-05-01,google\n", "spend"), ("date,channel,spend\n", "no rows"), ("", "empty")],
)
def test_a_file_that_cannot_be_taken_says_why(home: Home, tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ImportRefused, match=why):
        imported(home, tmp_path, text)
