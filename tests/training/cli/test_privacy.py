"""Who calls it done: commands refuse a home that is not there, and a person without an id."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.home import Home
from perennial import app, main

SMALL = "line,reason,customer_id\n7,Price missing,\n"


def said(*words: str, code: int, stdin: str = "") -> str:
    result = CliRunner().invoke(app, words, input=stdin)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize(
    "words", [("erase", "ann", "--yes"), ("export", "ann"), ("rebuild",), ("backup", "copy.tar.gz")]
)
def test_a_home_that_is_not_there_is_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    missing = tmp_path / "mistyped"
    assert "is no home" in said(*words, "--home", str(missing), code=1)
    assert not missing.exists()


@pytest.mark.parametrize(
    ("customer", "stdin"), [("", ""), (" ", ""), ("-", ""), ("-", "\n"), ("-", "\r\n"), ("-", "\nann\n")]
)
def test_nobody_is_not_erased(tmp_path: Path, customer: str, stdin: str) -> None:
    """Lines that an import refused often name no customer; they are not those of an empty id."""
    rejects = Home(tmp_path).reports / "rejects-orders.csv"
    rejects.parent.mkdir(parents=True, exist_ok=True)
    rejects.write_text(SMALL)
    for command in (("erase", customer, "--yes"), ("export", customer)):
        assert "is empty" in said(*command, "--home", str(tmp_path), code=2, stdin=stdin)
    assert rejects.read_text() == SMALL


def test_a_damaged_history_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "events" / "2026-11-30" / "a.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"")
    orders = tmp_path / "orders.csv"
    header = "customer_id,event,product_id,quantity,unit_price,order_id,timestamp"
    orders.write_text(f"{header}\nc,purchase,p,1,1,o,2026-01-01\n")
    monkeypatch.setattr("sys.argv", ["perennial", "import", "orders", str(orders), "--home", str(tmp_path)])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "perennial poison replay" in " ".join(capsys.readouterr().err.split())
