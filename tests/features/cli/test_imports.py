"""`perennial import` and `perennial imports` as a shop owner meets them: exit codes, questions, undo."""

import json
import re
import shlex
from pathlib import Path

import pytest
from rich.prompt import Confirm, Prompt
from typer.testing import CliRunner, Result

from features.cli import columns
from features.home import Home
from features.importers.formats import ORDER_FORMATS
from perennial import app

TABLE = "Bestellnr.;Bestelldatum;Kunde;Artikelnr.;Menge;Einzelpreis\n"
ROWS = "1001;13.01.2026;ida@example.com;MUG;2;12,50\n1002;14.01.2026;bo@example.com;POT;1;8,00\n"


def run(home: Home, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [*words, "--home", str(home.root)], env={"COLUMNS": "300"})
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(TABLE + ROWS)
    return path


def test_orders_are_taken_listed_and_taken_back(home: Home, table: Path) -> None:
    taken = " ".join(run(home, "import", "orders", str(table)).output.split())
    assert "2 · 33.00, 2026-01-13 to 2026-01-14" in taken
    [record] = json.loads(run(home, "imports", "--json").output)
    assert f"perennial import undo {record['id']}" in taken
    assert "33.00" in run(home, "imports").output
    undone = run(home, "import", "undo", record["id"]).output
    assert "2 rows of the history" in undone
    assert "perennial rebuild" in undone
    assert json.loads(run(home, "imports", "--json").output)[0]["undone_at"]
    assert "was taken back already" in run(home, "import", "undo", record["id"], code=1).output
    assert "There is no import 'x'" in run(home, "import", "undo", "x", code=1).output
    assert "Taken" in run(home, "import", "orders", str(table)).output


def test_commands_in_advice_stand_on_one_line_and_run(home: Home, table: Path) -> None:
    narrow = {"COLUMNS": "60"}
    taken = CliRunner().invoke(app, ["import", "orders", str(table), "--home", str(home.root)], env=narrow)
    advice = re.search("To take it back: perennial (.*)", taken.output)
    assert advice is not None
    words = shlex.split(advice[1])
    assert words[2] in CliRunner().invoke(app, ["imports", "--home", str(home.root)], env=narrow).output
    assert CliRunner().invoke(app, words).exit_code == 0
    assert json.loads(run(home, "imports", "--json").output)[0]["undone_at"]


def test_nothing_new_is_no_failure(home: Home, table: Path) -> None:
    run(home, "import", "orders", str(table))
    assert "Already known" in run(home, "import", "orders", str(table)).output


def test_most_rows_lost_is_exit_code_3(home: Home, table: Path) -> None:
    table.write_text(TABLE + ROWS + "".join(f"{n};14.01.2026;bo@example.com;;1;8,00\n" for n in range(9)))
    assert "Most rows were set aside: 9 of 11" in run(home, "import", "orders", str(table), code=3).output


def test_nothing_taken_is_exit_code_3_and_refused_is_1(home: Home, table: Path) -> None:
    table.write_text(TABLE + "1003;14.01.2026;bo@example.com;MUG;0;8,00\n")
    assert "Nothing was taken" in run(home, "import", "orders", str(table), code=3).output
    table.write_text("a;b\n1;2\n")
    assert "--map order_id=COLUMN" in run(home, "import", "orders", str(table), code=1).output


def test_a_dry_run_shows_the_same_money_and_writes_nothing(home: Home, table: Path) -> None:
    assert "2 · 33.00" in run(home, "import", "orders", str(table), "--dry-run").output
    assert not home.root.exists()


def test_a_catalogue_is_listed_and_cannot_be_taken_back(home: Home, tmp_path: Path) -> None:
    feed = tmp_path / "products.csv"
    feed.write_text("id,title,price\nMUG,Mug,12.50\n")
    run(home, "import", "catalogue", str(feed))
    [record] = json.loads(run(home, "imports", "--json").output)
    assert (record["kind"], record["files"]) == ("catalogue", ["products.csv"])
    assert "import the earlier catalogue again" in run(home, "import", "undo", record["id"], code=1).output


ODD = "Vorgang;Wann;Wer;Was;Wert\n1001;13.01.2026;ida@example.com;Becher;25,00\n"
MAPS = [word for each in ("order_id=Vorgang", "timestamp=Wann", "title=Was") for word in ("--map", each)]


def test_columns_given_by_hand(home: Home, table: Path) -> None:
    table.write_text(ODD)
    assert "mapped" in run(home, "import", "orders", str(table), *MAPS).output


def test_a_terminal_is_asked_and_may_correct(
    home: Home, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.write_text(ODD)
    answers = {"order_id": "1", "timestamp": "2", "title": "4", "line_total": "5"}
    asked: list[str] = []

    def answer(question: str, default: str, **_: object) -> str:
        name = question.rpartition("(")[2].rstrip(")")
        asked.append(name)
        return answers.get(name, default)

    monkeypatch.setattr(columns, "is_terminal", lambda: True)
    monkeypatch.setattr(Prompt, "ask", answer)
    monkeypatch.setattr(Confirm, "ask", lambda *_, **__: False)
    output = run(home, "import", "orders", str(table)).output
    assert "Not found: when it was ordered" in output
    assert "ida@example.com" in output
    assert {"order_id", "timestamp", "title", "email"} <= set(asked)
    assert "columns given" in output


def test_a_good_guess_needs_one_yes(home: Home, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "is_terminal", lambda: True)
    monkeypatch.setattr(Confirm, "ask", lambda *_, **__: True)
    assert "columns given" in run(home, "import", "orders", str(table)).output


def test_yes_takes_a_doubtful_guess(home: Home, table: Path) -> None:
    doubtful = TABLE.replace("Bestelldatum", "Lieferdatum heute")
    table.write_text(doubtful + ROWS)
    assert "Not sure of timestamp" in run(home, "import", "orders", str(table), code=1).output
    run(home, "import", "orders", str(table), "--yes")


def test_formats_lists_each_with_its_columns() -> None:
    result = CliRunner().invoke(app, ["import", "formats", "--json"])
    listed = {each["format"]: each for each in json.loads(result.output)}
    assert listed.keys() == ORDER_FORMATS.keys()
    assert "Lineitem price" in listed["shopify"]["columns"]
    assert "Order Items" in listed["etsy-orders"]["columns"]


def test_the_help_names_the_formats() -> None:
    shown = CliRunner().invoke(app, ["import", "orders", "--help"], env={"COLUMNS": "300"}).output
    assert "shopify, woocommerce, woo-advanced" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("kind", "header", "good", "bad"),
    [
        ("catalogue", "id;title;price", "JUG;Jug;12,50", "JUG;Jug;soon"),
        ("rates", "date;currency;rate", "01.02.2026;CHF;0,92", "01.02.2026;CHF;high"),
        ("costs", "date;channel;spend", "01.02.2026;mail;30,00", "01.02.2026;mail;much"),
    ],
)
def test_no_import_of_which_nothing_was_taken_looks_well(
    home: Home, tmp_path: Path, kind: str, header: str, good: str, bad: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n{bad}\n")
    assert "Nothing was taken" in run(home, "import", kind, str(path), code=3).output
    path.write_text(f"{header}\n{good}\n")
    run(home, "import", kind, str(path))


@pytest.mark.parametrize(
    ("kind", "column", "told"), [("costs", "channel,spend", "1250"), ("rates", "currency,rate", "USD")]
)
def test_the_option_that_a_warning_names_is_there(
    home: Home, tmp_path: Path, kind: str, column: str, told: str
) -> None:
    path = tmp_path / f"{kind}.csv"
    path.write_text(f'date,{column}\n2026-01-01,USD,"1.250"\n')
    assert told in run(home, "import", kind, str(path), "--decimal", ",", "--json").output
