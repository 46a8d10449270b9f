"""Titles, links and prices as a market sees them, trained and live.

Covers recommender/in_market.py, too.
"""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from small_customers import small_customer_table

from features.catalogue.local import MarketPrice, Translation
from recommender.arrays.id_map import PackedBytes
from recommender.context.request import Request
from recommender.model.availability import Availability
from recommender.model.local_table import Local, LocalTable, Market, Names
from recommender.recommend import Recommender

from bundles import NOW, PRODUCTS, item, small_bundle

SAID = {
    "mug": Local(
        {"de": Translation("Becher", "/de/becher")},
        {"at": MarketPrice(9.0), "USD": MarketPrice(12.0, "USD"), "ch": MarketPrice(11.0, "CHF")},
        "EUR",
    ),
    "tea": Local({"de": Translation("Tee"), "fr": Translation("Thé")}, {}, "EUR"),
}
PACKED = PackedBytes.pack(msgspec.json.encode(SAID[each]) if each in SAID else b"" for each in PRODUCTS)
SMALL = small_bundle()
COSTS = np.full(len(PRODUCTS), 4.0, np.float32)
TABLES = replace(
    SMALL.tables,
    local=LocalTable(PACKED),
    people=small_customer_table(),
    product=replace(SMALL.tables.product, cost=COSTS),
)
SHOP = Recommender(replace(SMALL, tables=TABLES), Availability.of(TABLES))
SEEN = Market("de", "at")


def asked(**fields: Any) -> Request:
    return Request("home", now=NOW.timestamp(), **fields)


def card(shop: Recommender, product: str = "mug", **fields: Any) -> dict[str, Any]:
    seen = shop.for_market_of(asked(**fields))
    [shown] = seen.availability.show(seen.bundle.tables, [item(product)])
    return dict(msgspec.json.decode(f"{{{shown.fields.rstrip(',')}}}"))


def test_a_card_has_the_title_of_the_language_and_the_price_of_the_market() -> None:
    own = {"product_id": "mug", "title": "Mug", "price": 8.0, "currency": "EUR"}
    becher = own | {"title": "Becher", "url": "/de/becher"}
    assert card(SHOP) == own
    assert card(SHOP, language="de") == becher
    assert card(SHOP, titles="de_CH", country="CH") == becher | {"price": 11.0, "currency": "CHF"}
    assert card(SHOP, titles="fr", currency="USD") == own | {"price": 12.0, "currency": "USD"}
    assert card(SHOP, "tea", titles="fr")["title"] == "Thé"
    assert card(SHOP, "pot", titles="de", country="AT")["title"] == "Pot"


@pytest.mark.parametrize(
    ("country", "currency", "price"),
    [
        ("AT", None, 9.0),
        (" at ", "EUR", 9.0),
        ("CH", "EUR", 8.0),
        ("CH", "USD", 12.0),
        ("CH", "GBP", 11.0),
        ("FR", None, 8.0),
        (None, "USD", 12.0),
    ],
)
def test_the_country_counts_unless_another_currency_is_asked_for(
    country: str | None, currency: str | None, price: float
) -> None:
    assert card(SHOP, country=country, currency=currency)["price"] == price


def test_the_customers_own_language_counts_where_the_question_names_none() -> None:
    assert card(SHOP, customer_id="ann")["title"] == "Becher"
    assert card(SHOP, customer_id="ann", titles="en")["title"] == "Mug"
    assert card(SHOP, customer_id="bob")["title"] == "Mug"


def test_a_shop_with_one_language_and_one_price_is_served_as_it_is() -> None:
    plain = Recommender(SMALL, Availability.of(SMALL.tables))
    assert plain.for_market_of(asked(titles="de", country="AT", currency="USD")) is plain
    assert SHOP.for_market_of(asked(titles="es", country="FR", currency="JPY")) is SHOP
    seen = SHOP.for_market_of(asked(titles="de-DE", country="AT"))
    assert seen is SHOP.for_market_of(asked(titles="de", country="at"))


def test_prices_are_filtered_as_they_are_shown() -> None:
    def products(**fields: Any) -> list[str]:
        request = asked(min_price=8.5, max_price=12.5, **fields)
        return [PRODUCTS[pick.item] for pick in SHOP.for_market_of(request).recommend(request, 8)]

    assert "mug" not in products()
    assert "mug" in products(country="AT")
    assert "mug" in products(currency="USD")


def test_a_price_in_another_currency_keeps_the_share_of_the_margin() -> None:
    mug = item("mug")
    seen = SHOP.for_market_of(asked(currency="USD")).availability
    assert (seen.price[mug], seen.cost[mug]) == (12.0, 6.0)
    assert SHOP.for_market_of(asked(country="AT")).availability.cost[mug] == 4.0
    own = SHOP.for_market_of(asked(country="CH"), own_currency=True).availability
    assert (own.price[mug], own.cost[mug]) == (8.0, 4.0)
    assert SHOP.for_market_of(asked(country="AT"), own_currency=True).availability.price[mug] == 9.0
    assert SHOP.availability.price[mug] == 8.0


def test_reasons_name_products_in_the_language_of_the_page() -> None:
    request = Request("product_complements", NOW.timestamp(), product_id="tea", titles="de", language="de")
    texts = [pick.reason.text for pick in SHOP.for_market_of(request).recommend(request, 3)]
    assert any("Tee" in text for text in texts)
    assert not any("Tea" in text for text in texts)


def test_what_the_shop_says_live_counts_at_once() -> None:
    changes: dict[str, dict[str, Any]] = {
        "mug": {
            "price": 7.0,
            "translations": {"de": {"title": "Tasse"}, "es": {"title": "Taza"}},
            "prices": {"at": None, "USD": {"price": 13.0, "currency": "USD"}},
        },
        "pot": {"currency": "EUR", "translations": {"es": {"title": "Olla"}}},
        "tea": {"stock": 3, "price": 6.0},
    }
    now = replace(SHOP, availability=SHOP.availability.changed(TABLES, changes))
    assert card(now, titles="de")["title"] == "Tasse"
    assert card(now, "pot", titles="es")["title"] == "Olla"
    assert card(now, "tea", titles="fr") == {
        "product_id": "tea",
        "title": "Thé",
        "price": 6.0,
        "currency": "EUR",
    }
    assert card(now, country="AT")["price"] == 7.0
    assert card(now, currency="USD")["price"] == 13.0
    assert now.for_market_of(asked(currency="USD")).availability.price[item("mug")] == 13.0
    again = now.availability.changed(TABLES, {"mug": {"stock": 1}})
    assert card(replace(SHOP, availability=again), titles="es")["title"] == "Mug"


def test_what_is_said_again_is_no_change() -> None:
    said = msgspec.to_builtins(SAID["mug"])
    assert not SHOP.availability.changed(TABLES, {"mug": said}).local
    assert Names(frozenset({"de", "fr"}), frozenset({"at", "ch"}), frozenset({"EUR", "USD", "CHF"})) == (
        TABLES.local.names if TABLES.local else None
    )
    assert SHOP.market_names.market("de-at", "AT", None) == SEEN if SHOP.market_names else False
