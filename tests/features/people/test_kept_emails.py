"""Addresses that a shop keeps: encrypted, its own customer's, gone when they are to go.

Covers features/cli/customers.py, too.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.home import Home
from features.importers.customers import import_customers
from features.importers.orders import import_orders
from features.people.aliases import add_links, link, remove_links
from features.people.kept_emails import (
    KEY_FILE,
    TABLE_FILE,
    EmailSeal,
    begin_keeping,
    email_seal,
    emails_of,
    remove_emails,
)
from features.people.names import people_key
from perennial import app

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ANN, BOB = "ann@shop.example", "bob@shop.example"


def said(home: Home, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*words, "--home", str(home.root)])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def customers_file(folder: Path) -> Path:
    path = folder / "customers.csv"
    path.write_text(f"customer_id,email\n4711,Ann <{ANN.upper()}>\n4712,{BOB}\n")
    return path


def orders_file(folder: Path) -> Path:
    path = folder / "orders.csv"
    path.write_text(f"order number,date,e-mail,sku,quantity,price\n1,2026-10-01,{ANN},tea,1,5.00\n")
    return path


@pytest.fixture
def shop(home: Home, tmp_path: Path) -> Home:
    """Ann and Bob, with their addresses."""
    begin_keeping(home)
    import_customers(home, customers_file(tmp_path), now=NOW)
    return home


def test_a_seal_opens_for_its_name_and_key_alone() -> None:
    seal = EmailSeal(b"k" * 32)
    sealed = seal.sealed("c-1", ANN)
    assert ANN.encode() not in sealed
    assert sealed != seal.sealed("c-1", ANN)  # equal addresses do not look equal
    assert seal.opened("c-1", sealed) == ANN
    assert seal.opened("c-2", sealed) is None
    assert EmailSeal(b"o" * 32).opened("c-1", sealed) is None


def test_nothing_is_kept_unless_it_is_wanted(home: Home, tmp_path: Path) -> None:
    import_customers(home, customers_file(tmp_path), now=NOW)
    import_orders(home, orders_file(tmp_path), received_at=NOW)
    assert email_seal(home) is None
    assert emails_of(home) == {}
    assert not (home.root / TABLE_FILE).exists()


@pytest.mark.parametrize("kind", ["customers", "orders"])
def test_an_import_keeps_addresses_and_no_byte_shows_them(home: Home, tmp_path: Path, kind: str) -> None:
    assert begin_keeping(home)
    assert not begin_keeping(home)
    if kind == "customers":
        import_customers(home, customers_file(tmp_path), now=NOW)
        assert emails_of(home) == {"4711": ANN, "4712": BOB}
    else:
        import_orders(home, orders_file(tmp_path), received_at=NOW)
        assert emails_of(home) == {people_key(home).email(ANN): ANN}
    for path in (path for path in (home.root / "people").iterdir() if path.suffix != ".lock"):
        assert path.stat().st_mode & 0o077 == 0
        assert b"@shop" not in path.read_bytes().lower()


def test_a_dry_run_keeps_none(home: Home, tmp_path: Path) -> None:
    begin_keeping(home)
    import_customers(home, customers_file(tmp_path), now=NOW, dry_run=True)
    assert emails_of(home) == {}


def test_an_address_follows_its_customer(shop: Home) -> None:
    add_links(shop, link("4712", "4711", "merge", NOW))
    assert emails_of(shop) == {"4711": f"{ANN}, {BOB}"}
    assert emails_of(shop, ["4711", "nobody"]) == emails_of(shop)
    remove_links(shop, ["4711"])
    assert emails_of(shop) == {str(people_key(shop).email(ANN)): ANN, "4712": BOB}


def test_who_is_removed_leaves_no_byte(shop: Home) -> None:
    name = str(people_key(shop).email(ANN))
    sealed = (shop.root / TABLE_FILE).read_bytes()
    assert name.encode() in sealed
    remove_emails(shop, [name])
    assert emails_of(shop) == {"4712": BOB}
    assert name.encode() not in (shop.root / TABLE_FILE).read_bytes()


def test_the_command_line_shows_them_and_forgets_them(shop: Home, tmp_path: Path) -> None:
    name = str(people_key(shop).email(ANN))
    import_orders(shop, orders_file(tmp_path), received_at=NOW)
    found = said(shop, "customers", "find", ANN)
    assert "4711" in found
    assert ANN in found
    assert name not in found  # a digest is shown by its beginning
    assert f"{name[:10]}…" in found
    assert "are kept already" in said(shop, "customers", "keep-emails")
    assert "All addresses are gone" in said(shop, "customers", "forget-emails")
    assert not [file for file in (KEY_FILE, TABLE_FILE) if (shop.root / file).exists()]
    assert ANN not in said(shop, "customers", "find", name[:10])
    assert "None are kept" in said(shop, "customers", "forget-emails")
    assert "with the next" not in said(shop, "customers", "keep-emails")
