"""The page of data: a shop owner brings in an export from their own machine, and sees whether all is well."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from features.home import Home
from features.importers.records import records

from browsing import PHONE, chromium, complaints

FILE_WAIT_MS = 60_000
ORDERS = """\
Bestellnr.;Datum;Artikel;Menge;Preis;Bemerkung
1001;13.01.2026;Tasse blau;2;1.234,50;bitte als Geschenk
1002;14.01.2026;Topf;1;8,00;
1003;15.01.2026;;1;8,00;
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.browser
def test_a_german_file_is_mapped_imported_and_taken_back(
    browser: Browser, url: str, served_home: Home, tmp_path: Path
) -> None:
    (tmp_path / "bestellungen.csv").write_text(ORDERS, "utf-8")
    page = browser.new_page(viewport=PHONE, locale="de")
    page.set_default_timeout(FILE_WAIT_MS)
    trouble = complaints(page)
    page.goto(f"{url}/console/sign-in?next=/console/data")
    page.locator("input[type=password]").fill("sk_demo")
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_label("Datei").set_input_files(tmp_path / "bestellungen.csv")
    page.get_by_role("button", name="Senden und ansehen").click()

    expect(page.get_by_label("Bestellnr.")).to_have_value("order_id", timeout=FILE_WAIT_MS)
    prices = page.locator("tr", has=page.get_by_label("Preis", exact=True)).locator("td.sample")
    assert prices.all_inner_texts() == ["1.234,50", "8,00", "8,00"]
    assert page.get_by_label("Bemerkung").input_value() == ""
    page.get_by_label("Bemerkung").select_option("title")
    page.get_by_role("button", name="Probelauf").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "Zwei Spalten sind beide „Artikelname“", timeout=FILE_WAIT_MS
    )
    page.get_by_label("Bemerkung").select_option("")
    page.get_by_label("Artikel", exact=True).select_option("")
    page.get_by_role("button", name="Probelauf").click()
    expect(page.get_by_role("alert")).to_contain_text("Es fehlt noch: Artikelnummer (SKU)")
    page.get_by_label("Artikel", exact=True).select_option("title")
    page.get_by_role("button", name="Probelauf").click()

    page.get_by_role("button", name="Jetzt einlesen").wait_for()
    expect(page.locator(".tile", has_text="Würde übernommen").locator(".value")).to_have_text("2")
    expect(page.locator(".tile", has_text="Umsatz").locator(".value")).to_have_text("2.477,00")
    assert list(records(served_home)) == []
    page.get_by_role("button", name="Jetzt einlesen").click()

    rejects = page.locator("section", has_text="Die beiseitegelegten Zeilen")
    expect(rejects).to_contain_text("Nummer oder Name des Artikels fehlt", timeout=FILE_WAIT_MS)
    assert [(each.taken, each.undone_at) for each in records(served_home)] == [(2, None)]
    page.get_by_text("Diese Datei zurücknehmen").click()
    page.get_by_role("button", name="Jetzt zurücknehmen").click()
    expect(page.get_by_text("zurückgenommen", exact=True)).to_be_visible(timeout=FILE_WAIT_MS)
    assert all(each.undone_at for each in records(served_home))
    assert [each for each in trouble if "422" not in each] == []
    page.close()


def test_it_shows_what_is_there_and_what_is_lacking(console: httpx.Client, http: httpx.Client) -> None:
    view = {"type": "view", "anonymous_id": "a-1", "product_id": "MUG-OLD"}
    assert http.post("/v1/events", json=view).json()["accepted"] == 1
    page = console.get("/console/data").text
    assert "Nothing was imported yet" in page
    assert "A grey square is seldom clicked." in page
    assert "<code>MUG-OLD</code>" in page
    live = console.get("/console/data/events", headers={"HX-Request": "true"}).text
    assert "MUG-OLD" in live
    assert "unknown" in live


def test_what_cannot_be_imported_is_said_on_the_page(console: httpx.Client) -> None:
    nothing = console.post("/console/data/upload", files={"other": ("x.csv", b"a")})
    assert (nothing.status_code, "Choose a file first." in nothing.text) == (422, True)
    empty = console.post("/console/data/upload", files={"file": ("orders.csv", b"")})
    assert (empty.status_code, "The file is empty." in empty.text) == (422, True)
    gone = console.get("/console/data/imports/f-0123456789abcdef")
    assert (gone.status_code, "Send it again" in gone.text) == (404, True)
