"""Live changes of the catalogue."""

import msgspec
import numpy as np
import pytest

from recommender.model.availability import Availability

from bundles import item, small_tables

TABLES = small_tables()
AVAILABILITY = Availability.of(TABLES)


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
    assert AVAILABILITY.changed(TABLES, {"mug": change}).in_stock[item("mug")] == in_stock


def test_a_price_change_shows_on_the_card_and_in_filters() -> None:
    availability = AVAILABILITY.changed(TABLES, {"mug": {"price": 9.0, "sale_price": 6.5}})
    assert availability.price[item("mug")] == np.float32(6.5)
    assert msgspec.json.decode(b"{%b}" % availability.card(TABLES, item("mug")))["price"] == 6.5


def test_a_change_touches_nothing_else_and_unknown_products_wait() -> None:
    availability = AVAILABILITY.changed(TABLES, {"mug": {"stock": 0}, "no such": {"stock": 0}})
    assert availability.in_stock.sum() == AVAILABILITY.in_stock.sum() - 1
    assert AVAILABILITY.in_stock.all()
    assert availability.card(TABLES, item("tea")) == TABLES.cards[item("tea")]


def test_changes_add_up() -> None:
    availability = AVAILABILITY.changed(TABLES, {"mug": {"stock": 0}}).changed(
        TABLES, {"mug": {"title": "Big mug"}}
    )
    assert not availability.in_stock[item("mug")]
    assert msgspec.json.decode(b"{%b}" % availability.card(TABLES, item("mug")))["title"] == "Big mug"
