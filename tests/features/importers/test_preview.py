"""What a file seems to be, before anything is taken."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from features.home import Home
from features.importers.preview import FilePreview, preview_file
from features.importers.refusal import ImportRefused

SHOPIFY = (
    "Name,Created at,Lineitem name,Lineitem quantity,Lineitem price\n#1,2026-01-13 10:00:00,Mug,1,8.00\n"
)
GERMAN = "Bestellnr.;Datum;Artikel;Menge;Preis\n1001;13.01.2026;Tasse;2;1.234,50\n"
PRODUCTS = "Artikelnummer;Bezeichnung;Preis\nMUG;Tasse;12,50\n"
CUSTOMERS = "Kundennummer;E-Mail;Newsletter\n7;ida@example.com;ja\n"


def seen(home: Home, folder: Path, content: str | bytes, name: str = "file.csv", **how: str) -> FilePreview:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return preview_file(home, path, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "kind", "format", "columns"),
    [
        (SHOPIFY, "orders", "shopify", {"order_id": "Name", "title": "Lineitem name"}),
        (GERMAN, "orders", "mapped", {"order_id": "Bestellnr.", "unit_price": "Preis"}),
        (PRODUCTS, "catalogue", "csv", {"sku": "Artikelnummer", "title": "Bezeichnung"}),
        (CUSTOMERS, "customers", "customers", {"customer_id": "Kundennummer", "email": "E-Mail"}),
        ('{"type": "view", "product_id": "MUG"}\n', "orders", "events", {}),
    ],
)
def test_kind_format_and_columns_are_recognised(
    home: Home, tmp_path: Path, content: str, kind: str, format: str, columns: dict[str, str]
) -> None:
    file = seen(home, tmp_path, content)
    assert (file.kind, file.format, file.problem) == (kind, format, None)
    assert columns.items() <= file.columns.items()
    assert file.columns.keys() <= set(file.names)
    assert len(file.samples) == file.rows == 1
    assert any(label == "Seems to be" for label, _ in file.lines())


def test_what_is_missing_or_doubtful_is_said(home: Home, tmp_path: Path) -> None:
    file = seen(home, tmp_path, "Bestellnr.;Datum;Menge\n1001;gestern;2\n", kind="orders")
    assert (file.format, file.columns) == ("", {"order_id": "Bestellnr.", "quantity": "Menge"})
    assert file.missing[0] == "when it was ordered"
    assert any("'gestern' cannot be read" in each for each in file.missing)
    assert file.problem
    assert "perennial import orders file.csv" in file.problem
    stripe = "id,Created (UTC),Amount,Customer Email,Description\n1,2026-01-13,8,a@b.de,x\n"
    assert seen(home, tmp_path, stripe, kind="orders").problem
    assert seen(home, tmp_path, GERMAN, kind="customers").missing == ["customer_id or email"]
    with pytest.raises(ImportRefused, match="web page"):
        seen(home, tmp_path, "<html>")


def test_sheets_and_archives_are_looked_into(home: Home, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Artikel").append(["Artikelnummer", "Bezeichnung", "Preis"])
    book["Artikel"].append(["MUG", "Tasse", 12.5])
    book.create_sheet("Kunden").append(["Kundennummer", "E-Mail"])
    book["Kunden"].append(["7", "ida@example.com"])
    book.save(content := io.BytesIO())
    assert seen(home, tmp_path, content.getvalue(), "shop.xlsx", sheet="Artikel").kind == "catalogue"
    assert seen(home, tmp_path, content.getvalue(), "shop.xlsx", sheet="3").kind == "customers"
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        archive.writestr("kunden.csv", CUSTOMERS)
    assert seen(home, tmp_path, packed.getvalue(), "export.zip").kind == "customers"
