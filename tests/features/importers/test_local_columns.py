import json
from typing import Any

import pytest
from catalogues import product, take

from features.catalogue.products import live_fields
from features.home import Home
from features.importers.local_columns import LocalColumn, Part, local_columns
from features.importers.reasons import RejectReason
from features.importers.refusal import ImportRefused

from factories import NOW

TABLE = "sku,title,price,currency,title_de,url[de],Price / AT,price_USD\n"
CUP = "A1,Cup,12.5,EUR,Tasse,https://shop.example/de/a1,11.9 EUR,14\n"


def test_headers_that_name_a_language_or_a_market() -> None:
    headers = ["title_de", "title[pt-BR]", "link:fr", "g:price_at", "price[usd]", "Price / Germany", "title"]
    assert local_columns(headers) == [
        LocalColumn("title_de", "title", "de"),
        LocalColumn("title[pt-BR]", "title", "pt-br"),
        LocalColumn("link:fr", "url", "fr"),
        LocalColumn("g:price_at", "price", "at"),
        LocalColumn("price[usd]", "price", "USD"),
        LocalColumn("Price / Germany", "price", "germany"),
    ]


@pytest.mark.parametrize("header", ["title_tag", "name_id", "price_min", "price_net", "prix_ht", "price_ht"])
def test_headers_that_say_something_else(header: str) -> None:
    assert not local_columns([header])


def test_a_table_with_columns_by_language_and_market(home: Home) -> None:
    take(home, TABLE + CUP)
    cup = product(home, "A1")
    assert (cup["title"], cup["price"]) == ("Cup", 12.5)
    assert json.loads(cup["translations"]) == {"de": {"title": "Tasse", "url": "https://shop.example/de/a1"}}
    prices = {"USD": {"price": 14.0, "currency": "USD"}, "at": {"price": 11.9, "currency": "EUR"}}
    assert json.loads(cup["prices"]) == prices
    assert cup["attributes"] is None
    assert live_fields(home, NOW)["A1"]["prices"] == prices


def test_a_later_file_changes_only_what_it_names(home: Home) -> None:
    take(home, TABLE + CUP)
    take(home, "sku,title,title_fr,price_USD\nA1,Cup,Tasse à thé,\n")
    cup = product(home, "A1")
    assert {name: each["title"] for name, each in json.loads(cup["translations"]).items()} == {
        "de": "Tasse",
        "fr": "Tasse à thé",
    }
    assert set(json.loads(cup["prices"])) == {"at", "USD"}


@pytest.mark.parametrize("price", ["cheap", "0", "-2", "1e40"])
def test_a_price_that_is_none_sets_its_row_aside_and_says_which(home: Home, price: str) -> None:
    summary = take(home, TABLE + CUP + f"A2,Mug,9,EUR,,,{price},\n")
    assert summary.set_aside == {RejectReason.BAD_PRICE.value: 1}
    assert f"Price / AT: {price}" in (home.root / str(summary.rejects_file)).read_text()


def test_a_link_that_is_no_address_is_left_out(home: Home) -> None:
    take(home, TABLE + CUP.replace("https://shop.example/de/a1", "javascript:alert(1)"))
    assert json.loads(product(home, "A1")["translations"]) == {"de": {"title": "Tasse"}}


def take_part(home: Home, content: str, *part: str | None) -> dict[str, Any]:
    take(home, content, part=Part(*part))
    return product(home, "A1")


def test_feeds_of_one_shop_by_language_and_country(home: Home) -> None:
    own = "sku,title,price,currency,category,stock\n"
    take(home, own + "A1,Cup,12.5,EUR,Cups,3\n")
    cup = take_part(home, own + "A1,Tasse,11.5,EUR,Tassen,0\n", "de", "AT")
    assert (cup["title"], cup["price"], cup["category"], cup["stock"]) == ("Cup", 12.5, "Cups", 3)
    assert json.loads(cup["translations"]) == {"de": {"title": "Tasse"}}
    assert json.loads(cup["prices"]) == {"at": {"price": 11.5, "currency": "EUR"}}
    cup = take_part(home, own + "A1,Tasse,14,CHF,Tassen,0\n", None, "CH")
    assert set(json.loads(cup["prices"])) == {"at", "ch"}


def test_what_the_shops_own_feed_has_not_named_yet_counts_whole(home: Home) -> None:
    cup = take_part(home, "sku,title,price,currency\nA1,Tasse,11.5,EUR\n", "de", None)
    assert (cup["title"], cup["price"]) == ("Tasse", 11.5)
    assert json.loads(cup["translations"]) == {"de": {"title": "Tasse"}}


def test_a_language_that_is_none_is_refused(home: Home) -> None:
    with pytest.raises(ImportRefused, match=r"--language deutsch!: say it like de"):
        take(home, TABLE + CUP, part=Part("deutsch!"))
    with pytest.raises(ImportRefused, match="shop's own feed"):
        take(home, TABLE + CUP, part=Part("de"), retire_missing=True)
