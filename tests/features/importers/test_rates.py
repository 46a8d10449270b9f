from pathlib import Path

import pytest

from features.catalogue.currency_rates import load_rates
from features.home import Home
from features.importers.rates import import_rates
from features.importers.refusal import ImportRefused

from factories import NOW


def take(home: Home, tmp_path: Path, *rows: str) -> dict[str, int]:
    path = tmp_path / "rates.csv"
    path.write_text("\n".join(["date,currency,rate", *rows, ""]))
    summary = import_rates(home, path, now=NOW)
    assert summary.taken + sum(summary.set_aside.values()) == summary.rows
    return {"taken": summary.taken, "set_aside": sum(summary.set_aside.values())}


def test_rates_are_taken_and_newer_words_replace_them(home: Home, tmp_path: Path) -> None:
    assert take(home, tmp_path, "2026-01-01,usd,0.9", "2026-01-02,USD,0.91") == {"taken": 2, "set_aside": 0}
    take(home, tmp_path, "2026-01-02,USD,0.95")
    assert load_rates(home).select("currency", "rate").rows() == [("USD", 0.9), ("USD", 0.95)]


@pytest.mark.parametrize(
    "row", ["2026-01-01,USD,0", "2026-01-01,USD,x", "2026-01-01,,1", "x,USD,1", "2099-01-01,USD,1"]
)
def test_bad_rows_are_set_aside(home: Home, tmp_path: Path, row: str) -> None:
    assert take(home, tmp_path, "2026-01-03,GBP,1.2", row) == {"taken": 1, "set_aside": 1}


@pytest.mark.parametrize(
    ("cells", "rates"),
    [
        (("0,92", "1,085"), [0.92, 1.085]),
        (("1,085", "1,125"), [1.085, 1.125]),
        (("1.085", "1.125"), [1.085, 1.125]),
        (("0,92", "1.250,50"), [0.92, 1250.5]),
    ],
)
def test_rates_with_a_decimal_comma_are_read(
    home: Home, tmp_path: Path, cells: tuple[str, str], rates: list[float]
) -> None:
    path = tmp_path / "kurse.csv"
    path.write_text(
        "\n".join(["date;currency;rate", *(f"0{n}.02.2026;CHF;{each}" for n, each in enumerate(cells, 1))])
    )
    assert not import_rates(home, path, now=NOW).warnings
    assert load_rates(home).sort("date")["rate"].to_list() == rates


def test_a_file_without_rows_says_what_to_write(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="date,currency,rate"):
        take(home, tmp_path)


def test_the_mark_and_the_sheet_may_be_said(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,currency,rate\n2026-01-01,USD,1.085\n")
    import_rates(home, path, decimal=",", now=NOW)
    assert load_rates(home)["rate"].to_list() == [1085.0]
