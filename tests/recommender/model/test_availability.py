"""Live changes of the catalogue."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from recommender.model.availability import Availability

from bundles import item, small_tables

TABLES = small_tables()
SHELF = Availability.of(TABLES)


@pytest.mark.parametrize(
    ("change", "in_stock"),
    [
        ({"stock": 0}, False),
        ({"available": False}, False),
        ({"available": False, "stock": 9}, False),
        ({"stock": 3}, True),
        ({"stock": None}, True),
        ({"price": 2.0}, True),
    ],
)
def test_stock(change: dict[str, object], in_stock: bool) -> None:
    assert SHELF.changed(TABLES, {"mug": change}).in_stock[item("mug")] == in_stock


def test_a_price_change_shows_on_the_card_and_in_filters() -> None:
    shelf = SHELF.changed(TABLES, {"mug": {"price": 9.0, "sale_price": 6.5}})
    assert shelf.price[item("mug")] == np.float32(6.5)
    assert msgspec.json.decode(b"{%b}" % shelf.card(TABLES, item("mug")))["price"] == 6.5


def test_a_change_touches_nothing_else_and_unknown_products_wait() -> None:
    shelf = SHELF.changed(TABLES, {"mug": {"stock": 0}, "no such": {"stock": 0}})
    assert shelf.in_stock.sum() == SHELF.in_stock.sum() - 1
    assert SHELF.in_stock.all()
    assert shelf.card(TABLES, item("tea")) == TABLES.cards[item("tea")]


def test_changes_add_up() -> None:
    shelf = SHELF.changed(TABLES, {"mug": {"stock": 0}}).changed(TABLES, {"mug": {"title": "Big mug"}})
    assert not shelf.in_stock[item("mug")]
    assert msgspec.json.decode(b"{%b}" % shelf.card(TABLES, item("mug")))["title"] == "Big mug"
