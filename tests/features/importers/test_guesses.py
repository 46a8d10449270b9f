"""Columns of unknown tables are guessed in eight languages, and what is doubtful is said."""

import polars as pl
import pytest

from features.importers.guesses import Guess, guess

VALUES = {
    "order_id": ["A-1", "A-1", "A-2"],
    "timestamp": ["13.01.2026 10:00", "13.01.2026 10:00", "14.01.2026 11:00"],
    "email": ["ida@example.com", "ida@example.com", "bo@example.com"],
    "sku": ["MUG-1", "T-2", "MUG-1"],
    "title": ["Blue mug", "Towel", "Blue mug"],
    "quantity": ["2", "1", "1"],
    "unit_price": ["12,50", "8,00", "12,50"],
    "currency": ["EUR", "EUR", "EUR"],
}
LANGUAGES = {
    "English": "Order No.,Order date,Customer e-mail,Item code,Product name,Qty,Unit price,Currency",
    "German": "Bestell-Nr.,Bestelldatum,E-Mail-Adresse,Artikelnr.,"
    "Bezeichnung,Menge,Einzelpreis (EUR),Währung",
    "French": "N° de commande,Date de commande,Adresse e-mail,Réf. produit,"
    "Désignation,Qté,Prix unitaire TTC,Devise",
    "Spanish": "Nº de pedido,Fecha del pedido,Correo electrónico,Referencia,"
    "Producto,Cantidad,Precio unitario,Moneda",
    "Italian": "Numero d'ordine,Data ordine,Indirizzo email,Codice articolo,"
    "Descrizione,Quantità,Prezzo unitario,Valuta",
    "Dutch": "Bestelnummer,Besteldatum,E-mailadres,Artikelcode,Omschrijving,Aantal,Prijs per stuk,Valuta",
    "Polish": "Nr zamówienia,Data zamówienia,Adres e-mail,Kod produktu,"
    "Nazwa produktu,Ilość,Cena brutto,Waluta",
    "Portuguese": "Nº da encomenda,Data da encomenda,E-mail do cliente,Código do produto,"
    "Produto,Qtd.,Preço unitário,Moeda",
}


def table(**columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def renamed(**names: str) -> pl.DataFrame:
    """VALUES under these headers, where one is given."""
    return table(**{names[name]: cells for name, cells in VALUES.items() if name in names})


@pytest.mark.parametrize("language", LANGUAGES)
def test_headers_of_eight_languages_are_known(language: str) -> None:
    headers = dict(zip(VALUES, LANGUAGES[language].split(","), strict=True))
    found = guess(renamed(**headers), {})
    assert found == Guess(headers, {}, [])
    assert found.is_confident


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda header: header.replace(" ", "_")])
def test_case_and_punctuation_do_not_matter(change: object) -> None:
    assert callable(change)
    headers = {name: change(each) for name, each in zip(VALUES, LANGUAGES["Polish"].split(","), strict=True)}
    assert guess(renamed(**headers), {}).columns == headers


LEAST = {"order_id": "Order", "timestamp": "Date", "title": "Product", "unit_price": "Price"}


@pytest.mark.parametrize(
    ("lacking", "missing"),
    [
        ("timestamp", ["timestamp"]),
        ("title", ["product"]),
        ("unit_price", ["price"]),
        ("order_id", ["order_id"]),
    ],
)
def test_what_is_lacking_is_said(lacking: str, missing: list[str]) -> None:
    found = guess(renamed(**{name: each for name, each in LEAST.items() if name != lacking}), {})
    assert (found.missing, found.is_confident) == (missing, False)


def test_what_a_customer_bought_at_one_time_is_an_order() -> None:
    found = guess(renamed(**{k: v for k, v in LEAST.items() if k != "order_id"}, email="E-mail"), {})
    assert found.is_confident


def test_a_header_is_held_against_its_cells() -> None:
    """A price of words is no price, and a date that cannot be read no date."""
    cells = renamed(**LEAST).with_columns(Price=pl.lit("on request"), Date=pl.lit("next spring"))
    assert guess(cells, {}).missing == ["timestamp", "price"]


def test_addresses_are_known_by_their_looks() -> None:
    assert guess(renamed(**LEAST, email="Who"), {}).columns["email"] == "Who"


def test_a_header_that_says_more_is_doubted() -> None:
    found = guess(renamed(**(LEAST | {"timestamp": "Delivery date"})), {})
    assert list(found.doubts) == ["timestamp"]
    assert not found.is_confident


def test_a_column_that_is_empty_is_none() -> None:
    cells = renamed(**LEAST).with_columns(Order=pl.lit(""), Number=pl.Series(["1", "1", "2"]))
    found = guess(cells, {})
    assert found.missing == ["order_id"]
    assert found.unread == ("'Order' should be order_id, but it is empty",)


@pytest.mark.parametrize(
    ("columns", "doubted"),
    [
        ({"Product 1": ["Mug"], "Product 2": ["Pot"]}, "title"),
        ({"Products": ["2x Mug, 1x Pot"]}, "title"),
        ({"Products": ["Mug x 2, Pot x 1"]}, "title"),
    ],
)
def test_several_products_in_a_row_are_doubted(columns: dict[str, list[str]], doubted: str) -> None:
    cells = table(Order=["1"], Date=["2026-01-13"], Price=["9.00"], **columns)
    found = guess(cells, {})
    assert doubted in found.doubts or "product" in found.missing
    assert not found.is_confident


def test_a_rate_is_no_discount_and_the_state_of_an_address_no_status() -> None:
    cells = renamed(**LEAST).with_columns(Discount=pl.Series(["0.2", "0", "0.1"]), State=pl.lit("Kentucky"))
    assert not {"discount", "line_discount", "status"} & guess(cells, {}).columns.keys()


def test_a_discount_that_differs_within_an_order_is_the_lines() -> None:
    cells = renamed(**LEAST).with_columns(Discount=pl.Series(["2.00", "0", "1.50"]))
    assert guess(cells, {}).columns["line_discount"] == "Discount"


def test_what_is_given_is_not_doubted() -> None:
    found = guess(renamed(**(LEAST | {"timestamp": "Delivery date"})), {"timestamp": "Delivery date"})
    assert found.is_confident


TOTALS = ["25,00", "8,00", "12,50"]


def test_a_sum_that_is_quantity_times_price_is_the_lines() -> None:
    cells = renamed(**LEAST, quantity="Qty").with_columns(Amount=pl.Series(TOTALS))
    assert guess(cells, {}).columns["line_total"] == "Amount"


def test_a_sum_that_is_not_is_the_orders() -> None:
    cells = renamed(**LEAST, quantity="Qty").with_columns(Amount=pl.Series(["33,00", "33,00", "12,50"]))
    found = guess(cells, {}).columns
    assert ("line_total" in found, found["total"]) == (False, "Amount")


@pytest.mark.parametrize(("totals", "doubted"), [(TOTALS, False), (["33,00", "33,00", "12,50"], True)])
def test_the_only_sum_is_the_lines_unless_it_repeats_within_orders(totals: list[str], doubted: bool) -> None:
    without = {k: v for k, v in LEAST.items() if k != "unit_price"}
    found = guess(renamed(**without).with_columns(Total=pl.Series(totals)), {})
    assert found.columns["line_total"] == "Total"
    assert ("line_total" in found.doubts) == doubted


def test_of_a_column_that_cannot_be_read_the_odd_cells_are_shown() -> None:
    cells = renamed(**LEAST).with_columns(Price=pl.Series(["12,50", "gratis", "on request"]))
    why = "'Price' should be unit_price, but 'gratis' cannot be read as that (2 of 3 cells looked at)"
    assert guess(cells, {}).unread == (why,)


@pytest.mark.parametrize(
    ("totals", "also", "price"),
    [
        (["25,00", "6,00", "12,50"], {}, "line_total"),  # the towel for 8 was sold for 6
        (["25,00", "8,00", "12,50"], {}, "unit_price"),
        (["25,00", "6,00", "12,50"], {"Rabatt": ["0,00", "2,00", "0,00"]}, "unit_price"),
        (["25,00", "6,00", "17,40"], {}, "unit_price"),  # more than the goods: postage is in it
    ],
)
def test_a_line_total_less_a_discount_that_nothing_else_tells_is_the_price(
    totals: list[str], also: dict[str, list[str]], price: str
) -> None:
    found = guess(table(**VALUES | {"line_total": totals} | also), {}).columns
    assert next(name for name in ("unit_price", "line_total") if name in found) == price
