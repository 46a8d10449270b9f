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


def test_assumed_margins_stand_for_costs_that_are_not_known_and_for_no_others() -> None:
    """By the nearest category above a product, else by that of all."""
    names = [TABLES.categories.name(row) for row in range(len(TABLES.categories))]
    known = AVAILABILITY.changed(TABLES, {"mug": {"cost": 1.0}})
    share = {"*": 0.4, names[0]: 0.25}
    assumed = known.assuming(TABLES, share)
    assert assumed.cost[item("mug")] == 1.0
    for product in ("pot", "tea", "tin"):
        row = item(product)
        category = TABLES.product.category[row]
        margin = share[names[0]] if category == 0 else share["*"]
        assert assumed.cost[row] == pytest.approx(known.price[row] * (1 - margin))
    assert known.assuming(TABLES, share) is assumed
    assert known.assuming(TABLES, {}) is known
