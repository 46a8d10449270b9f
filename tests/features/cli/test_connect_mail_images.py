"""`perennial connect mail-images`: each contact of a list gets a token; the snippet says how to use it."""

import csv
from pathlib import Path

from typer.testing import CliRunner, Result

from features.connections.settings_file import read_connections
from features.home import Home
from features.outgoing.mail_blocks import unseal
from features.people.names import people_key
from perennial import app


def run(home: Home, *words: str) -> Result:
    command = ["connect", "mail-images", *words, "--url", "https://p.example/", "--home", str(home.root)]
    return CliRunner().invoke(app, command, env={"COLUMNS": "200"})


def test_each_contact_gets_its_token(home: Home, tmp_path: Path) -> None:
    home.make_private()
    contacts, to = tmp_path / "contacts.csv", tmp_path / "tokens.csv"
    contacts.write_text("\ufeffEMAIL,shop_id\nann@example.org,ann\nnew@example.org,\n", encoding="utf-8")
    result = run(home, str(contacts), "--to", str(to), "--id-column", "shop_id", "--campaign", "win_back")
    assert result.exit_code == 0, result.output
    assert "https://p.example/e/TOKEN/1.png?send=NAME" in result.output
    ann, new = csv.DictReader(to.read_text(encoding="utf-8").splitlines())
    block = unseal(people_key(home), ann["perennial"])
    assert block is not None
    assert (block.customer_id, block.campaign, block.slots) == ("ann", "win_back", 4)
    assert (ann["EMAIL"], new["perennial"]) == ("ann@example.org", "")
    assert read_connections(home) == {"mail-images": {"url": "https://p.example"}}


def test_a_file_without_ids_is_told(home: Home, tmp_path: Path) -> None:
    home.make_private()
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("EMAIL\nann@example.org\n", encoding="utf-8")
    result = run(home, str(contacts), "--to", str(tmp_path / "out.csv"))
    assert result.exit_code == 1
    assert "no column 'customer_id'; it has EMAIL" in result.output
